"""Whether what is demanded of a column in a declared slice can be read, said in one sentence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from experiment_cycle.errors import near_misses

BOUNDS = {"above": "above", "at_least": "at least", "below": "below", "at_most": "at most"}
"""The bounds there are, and how they are said."""
EITHER = "a list of levels, such as [65] or [a, b], or bounds, such as {above: 65}"


def readable(demand: Any) -> Any:
    """Pass a demand on that is bounds or a list of levels, before it is parsed as either.

    Raises:
        ValueError: it is neither; the message says what is wrong with it.
    """
    if isinstance(demand, dict):
        _check_bounds(demand)
    elif isinstance(demand, list | tuple):
        _check_levels(demand)
    elif not hasattr(demand, "model_fields_set"):
        raise ValueError(f"write {EITHER}")
    return demand


def _check_bounds(demand: dict[str, Any]) -> None:
    unknown = [str(name) for name in demand if name not in BOUNDS]
    if unknown:
        raise ValueError(f"'{unknown[0]}' is no bound. {near_misses(unknown[0], BOUNDS)[:-1]}")
    given = {name: value for name, value in demand.items() if value is not None}
    if not given:
        raise ValueError(f"give one of {', '.join(BOUNDS)}")
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError(
                f"the bound {name} is {_written(value)}, and must be a number, or a date in quotes "
                "such as '2024-12-31'"
            )


def _check_levels(demand: Iterable[Any]) -> None:
    levels = list(demand)
    if not levels:
        raise ValueError(f"the list is empty; write {EITHER}")
    for level in levels:
        if level is not None and not isinstance(level, bool | int | float | str):
            raise ValueError(
                f"the level {_written(level)} is none; a level is a text, a number, true, false or "
                "null (missing), and dates are given by bounds, such as {at_least: '2024-01-01'}"
            )


def _written(value: Any) -> str:
    return str(value) if hasattr(value, "isoformat") else repr(value)
