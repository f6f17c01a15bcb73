"""How a run is repeated, and which of its settings are not in git."""

from __future__ import annotations

from typing import Any

LOCAL = "  # with conf/local: "
"""After the command, before the keys that git does not keep; a shell takes them for a comment."""


def reproduction(command: str) -> dict[str, Any]:
    """Part a run's command from the keys that it needs from a folder which git does not keep."""
    typed, _, keys = command.partition(LOCAL)
    return {"command": typed, "local_keys": keys.split(", ") if keys else []}
