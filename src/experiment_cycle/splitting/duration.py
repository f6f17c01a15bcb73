"""A stretch of time as it is written in YAML: `30d` for dates, a number for a numeric column."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

from pydantic import ConfigDict, RootModel, ValidationError, field_validator

from experiment_cycle.columns import UNITS, KnownAt


class Duration(RootModel[float | str]):
    """How long: a number with a unit (s, min, h, d, w), or a bare number in the column's own unit.

    A bare number is for a time column that holds numbers, a number with a unit for one of dates.
    """

    model_config = ConfigDict(frozen=True)

    @field_validator("root", mode="before")
    @classmethod
    def _is_readable(cls, value: Any) -> Any:
        if isinstance(value, str) and _delay(value) is not None:
            return value
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number and math.isfinite(value) and value >= 0:
            return float(value)
        raise ValueError(
            f"a stretch of time is written as a number and one of {', '.join(UNITS)}, such as 30d, "
            "or, where the time column holds numbers, as a number that is not negative"
        )

    @property
    def delay(self) -> timedelta | None:
        """The stretch between two dates; None if it is written as a bare number."""
        return _delay(self.root) if isinstance(self.root, str) else None

    @property
    def number(self) -> float | None:
        """The stretch between two numbers; None if it is written with a unit."""
        return None if isinstance(self.root, str) else self.root

    def __str__(self) -> str:
        return self.root if isinstance(self.root, str) else f"{self.root:g}"


def _delay(written: str) -> timedelta | None:
    try:
        return KnownAt.model_validate(written).delay
    except ValidationError:
        return None
