"""What a search may vary: the values of each hyperparameter, and when it matters at all."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from experiment_cycle.options import Options

Plain = bool | int | float | str
Choice = Plain | tuple[Plain, ...] | None

POINTS = 3
"""Values of a number on a grid, where neither num nor step says how many."""
ROUNDED = 1e-9
"""How far, in steps, a value may lie from the step it is meant for."""


class SearchSpace(Options):
    """The values one hyperparameter may take; `low` and `high` are both among them."""

    type: Literal["int", "float", "categorical"]
    low: int | float | None = None
    high: int | float | None = None
    log: bool = Field(default=False, description="draw orders of magnitude instead of values")
    step: int | float | None = Field(default=None, description="only low, low + step, and so on")
    num: int | None = Field(default=None, ge=2, description="on a grid: how many values")
    choices: tuple[Choice, ...] | None = None
    when: dict[str, tuple[Choice, ...]] = Field(
        default={}, description="varied only where others have one of these values"
    )

    @model_validator(mode="before")
    @classmethod
    def _is_a_space(cls, given: Any) -> Any:
        if isinstance(given, list | tuple):
            written = ", ".join(map(str, given)) or "4, 8"
            raise ValueError(
                f"values to try are written {{type: categorical, choices: [{written}]}}, a range "
                "{type: int, low: 4, high: 16} or {type: float, low: 0.1, high: 1.0}"
            )
        if not isinstance(given, dict | cls):
            raise ValueError(
                "a range is written {type: int, low: 4, high: 16}, values to try {type: "
                "categorical, choices: [4, 8]}; one value alone belongs into training.estimators"
            )
        return given

    @model_validator(mode="after")
    def _hold_together(self) -> Self:
        if self.type == "categorical":
            self._check_choices()
        else:
            self._check_range()
            self._check_points()
        for other, values in self.when.items():
            if not values:
                raise ValueError(f"when.{other} lists no value, so that it never holds")
        return self

    def _check_choices(self) -> None:
        given = (self.low, self.high, self.step, self.num)
        if any(value is not None for value in given) or self.log:
            raise ValueError(
                "type categorical takes choices; low, high, log, step and num are for numbers"
            )
        if not self.choices:
            raise ValueError("type categorical needs choices, a list of at least one value")
        if len(set(map(repr, self.choices))) < len(self.choices):
            raise ValueError("a value stands twice among the choices")

    def _check_range(self) -> None:
        if self.choices is not None:
            raise ValueError(f"type {self.type} takes low and high; choices are for categorical")
        if self.low is None or self.high is None:
            raise ValueError(f"type {self.type} needs both low and high")
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            raise ValueError("low and high must be finite")
        if self.low >= self.high:
            raise ValueError(f"low ({self.low}) must be less than high ({self.high})")
        if self.log and self.low <= 0:
            raise ValueError(f"log: true needs low above 0, but low is {self.low}")
        if self.type == "int" and not _whole(self.low, self.high):
            raise ValueError("type int needs whole numbers for low and high")

    def _check_points(self) -> None:
        if self.step is None or self.low is None or self.high is None:
            return
        if self.log:
            raise ValueError("step has no meaning with log: true; num says how many values")
        if self.num is not None:
            raise ValueError("step and num both say how many values there are; give one of them")
        if self.step <= 0:
            raise ValueError(f"step must be above 0, but is {self.step}")
        if self.type == "int" and not _whole(self.step):
            raise ValueError("type int needs a whole number for step")
        steps = (self.high - self.low) / self.step
        if abs(steps - round(steps)) > ROUNDED * max(1.0, steps) or round(steps) < 1:
            raise ValueError(
                f"steps of {self.step} do not lead from low ({self.low}) to high ({self.high})"
            )

    def bounds(self) -> tuple[Any, ...]:
        """Name the values that every other one lies between: the choices, or low and high."""
        return self.choices if self.choices is not None else (self.low, self.high)

    def holds(self, value: Any) -> bool:
        """Tell whether a value is one of those that may be taken."""
        if self.choices is not None:
            return any(_same(value, choice) for choice in self.choices)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        low, high = self.low or 0, self.high or 0
        if not low <= value <= high or (self.type == "int" and not _whole(value)):
            return False
        if self.step is None:
            return True
        steps = (value - low) / self.step
        return abs(steps - round(steps)) <= ROUNDED * max(1.0, steps)

    def is_active(self, chosen: dict[str, Any]) -> bool:
        """Tell whether it is varied, given the values chosen for those that it depends on.

        One that depends on another that is not varied itself is not varied either.
        """
        return all(
            other in chosen and any(_same(chosen[other], value) for value in allowed)
            for other, allowed in self.when.items()
        )


Space = dict[str, SearchSpace]


def in_order(space: Space) -> Space:
    """Sort a space by name, but each hyperparameter after those that it depends on."""
    sorted_space: Space = {}
    left = sorted(space)
    while left:
        ready = [name for name in left if not set(space[name].when) & set(left)]
        # conditions in a circle are refused elsewhere
        chosen = ready[0] if ready else left[0]
        sorted_space[chosen] = space[chosen]
        left.remove(chosen)
    return sorted_space


def contains(space: Space, values: dict[str, Any]) -> bool:
    """Tell whether a configuration could have been drawn from a space."""
    return all(
        space[name].holds(values[name]) if name in values else not space[name].is_active(values)
        for name in space
    )


def defaults_of(space: Space, configured: dict[str, Any]) -> dict[str, Any]:
    """Read what is configured for the hyperparameters of a space: the first trial.

    Those whose condition does not hold there are left out, and so are parameters of a class of the
    user's own that are not configured: the class's own default is taken then.
    """
    values: dict[str, Any] = {}
    for name, one in in_order(space).items():
        outer, _, inner = name.partition(".")
        held = configured.get(outer, {}) if inner else configured
        key = inner or outer
        if key in held and one.is_active(values):
            values[name] = held[key]
    return values


def with_parameters(configured: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """Put the values of a trial in place of the configured ones.

    A dotted name such as `parameters.max_depth` reaches into the mapping of the first name; nothing
    given is changed.
    """
    merged = dict(configured)
    for name, value in values.items():
        outer, _, inner = name.partition(".")
        merged[outer] = {**merged.get(outer, {}), inner: value} if inner else value
    return merged


def grid_values(one: SearchSpace) -> tuple[Any, ...]:
    """List the values of one hyperparameter on a grid, the least first."""
    if one.choices is not None:
        return one.choices
    low, high = one.low or 0, one.high or 0
    if one.step is not None:
        drawn = low + one.step * np.arange(round((high - low) / one.step) + 1)
    elif one.log:
        drawn = np.geomspace(low, high, one.num or POINTS)
    else:
        drawn = np.linspace(low, high, one.num or POINTS)
    if one.type == "int":
        return tuple(dict.fromkeys(round(value) for value in drawn.tolist()))
    # 0.1 + 0.2 is meant to be 0.3
    inner = [float(f"{value:.12g}") for value in drawn.tolist()[1:-1]]
    return (float(low), *inner, float(high))


def grid(space: Space) -> list[dict[str, Any]]:
    """List every point of a grid, without hyperparameters where their condition does not hold.

    Points differ and come in the same order each time: the last name varies fastest.
    """
    return list(_points(list(in_order(space).items()), {}))


def grid_size(space: Space) -> int:
    """Count the points of a grid, listing only what conditions tie together."""
    tied = {name for name, one in space.items() if one.when}
    tied |= {other for one in space.values() for other in one.when}
    free = math.prod(len(grid_values(one)) for name, one in space.items() if name not in tied)
    bound = in_order({name: one for name, one in space.items() if name in tied})
    return free * sum(1 for _ in _points(list(bound.items()), {}))


def _points(
    left: list[tuple[str, SearchSpace]], values: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    if not left:
        yield values
        return
    (name, one), *rest = left
    if not one.is_active(values):
        yield from _points(rest, values)
        return
    for value in grid_values(one):
        yield from _points(rest, {**values, name: value})


def _whole(*values: float) -> bool:
    return all(float(value).is_integer() for value in values)


def _same(value: Any, other: Any) -> bool:
    """Compare values, taking lists for tuples, but True not for 1."""
    if isinstance(value, list | tuple) and isinstance(other, list | tuple):
        return tuple(value) == tuple(other)
    return isinstance(value, bool) == isinstance(other, bool) and bool(value == other)
