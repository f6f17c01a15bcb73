"""The ledger as it was when a look was taken, so that the look can be computed again."""

from __future__ import annotations

import json
from typing import Any

from experiment_cycle.decision.records import Look


def ledger_before(content: bytes, look: Look | None) -> bytes:
    """Cut off what was written from a look on; of one that was known already, what came after it.

    Args:
        content: The ledger.
        look: As a comparison has it; None: nothing was looked at, and nothing is cut off.
    """
    lines = content.splitlines(keepends=True)
    if look is None:
        return content
    entries = [_entry(line) for line in lines]
    for place, entry in enumerate(entries):
        if entry.get("kind") != "look" or entry.get("id") != look.id:
            continue
        if look.reused:
            return b"".join(lines[: place + 1])
        first = place
        # a new test set is introduced just before the first look at it
        while first and entries[first - 1].get("kind") == "test_set":
            first -= 1
        return b"".join(lines[:first])
    return content


def _entry(line: bytes) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}
