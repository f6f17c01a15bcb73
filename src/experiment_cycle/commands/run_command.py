"""The command that runs a whole cycle again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from experiment_cycle.commands.local_settings import local_settings
from experiment_cycle.reporting.reproduction import LOCAL


def run_command(
    env: str | None, default_env: str, params: Mapping[str, Any], conf: Path | None = None
) -> str:
    """Write the command with its environment, unless that is the default one, and its parameters.

    The default environment is personal and not in git: the keys that it sets follow as a comment.

    Args:
        env: The environment; None: the default one.
        default_env: What counts where none is given.
        params: Those that were given on the command line.
        conf: The folder of all configuration; None: nothing is said of the default environment.
    """
    parts = ["kedro", "run"]
    if env is not None and env != default_env:
        parts.append(f"--env={env}")
    given = [f"{key}={value}" for key, value in _leaves(params)]
    if given:
        parts.append(f"--params={','.join(given)}")
    personal = conf is not None and env in (None, default_env)
    keys = local_settings(conf / default_env) if conf is not None and personal else []
    told = f"{LOCAL}{', '.join(keys)}" if keys else ""
    return " ".join(f"{shlex.join(parts)}{told}".splitlines())


def _leaves(block: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in block.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value
