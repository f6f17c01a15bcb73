"""Arguments that several commands have: which configuration the run that they look at had."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def configured(command: Command) -> Command:
    """Add `--env` and `--params`, given as `env` and `params`."""
    env = click.option("--env", "-e", help="Environment of conf/ to read; default: local.")
    params = click.option(
        "--params",
        default="",
        callback=_parameters,
        help="Parameters to replace, as for kedro run: those the cycle was run with.",
    )
    return env(params(command))


def _parameters(context: click.Context, parameter: click.Parameter, value: str) -> dict[str, Any]:
    from kedro.framework.cli.utils import _split_params  # noqa: PLC0415

    return dict(_split_params(context, parameter, value))
