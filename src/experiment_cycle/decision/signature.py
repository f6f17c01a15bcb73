"""Who made a decision, and when."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime

from experiment_cycle.decision.records import Decision


def signed(decision: Decision) -> Decision:
    """Put the user of this process and the present second (UTC) under a decision."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container may have no name for its user
        user = "unknown"
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    return decision.model_copy(update={"decided_by": user, "decided_at": moment})
