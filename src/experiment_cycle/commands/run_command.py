"""The command that runs a whole cycle again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any


def run_command(env: str | None, default_env: str, params: Mapping[str, Any]) -> str:
    """Write the command with its environment, unless that is the default one, and its parameters.

    Args:
        env: The environment; None: the default one.
        default_env: What counts where none is given.
        params: Those that were given on the command line.
    """
    parts = ["kedro", "run"]
    if env is not None and env != default_env:
        parts.append(f"--env={env}")
    given = [f"{key}={value}" for key, value in _leaves(params)]
    if given:
        parts.append(f"--params={','.join(given)}")
    return shlex.join(parts)


def _leaves(block: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in block.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value
