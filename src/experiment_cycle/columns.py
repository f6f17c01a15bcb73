"""Which column of the data plays which role: declared once, in `parameters_task.yml`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Annotated, Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import ConfigDict, Field, RootModel, field_validator, model_validator

from experiment_cycle.options import Options

ROW = "__row__"
"""Name of the index of every table cut from the dataset: a row's position in the snapshot."""

OUTCOME = "outcome"
UNITS = {"s": "seconds", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
KEYS = ("target", "identifier", "group", "query", "time", "weight")
"""The keys that name one column each."""
SEPARATE = {
    ("identifier", "group"): "each row would be a group of its own",
    ("identifier", "query"): "each row would be a query of its own",
}
"""Pairs of keys that cannot name the same column, and why; the target can have no other key."""

Name = Annotated[str, Field(min_length=1)]


class KnownAt(RootModel[str]):
    """When the value of a column is known: `outcome`, a time such as `2d`, or a column's name.

    `outcome`: not before the outcome is. A time: so long after the moment of prediction (s, min, h,
    d, w). A name: at the moment that this column holds, row by row.
    """

    model_config = ConfigDict(frozen=True)

    @field_validator("root", mode="before")
    @classmethod
    def _is_readable(cls, value: Any) -> Any:
        # a number with a word behind it is meant as a time, whatever the word
        if not isinstance(value, str) or not value or _is_unreadable_delay(value):
            raise ValueError(
                "when a column is known is written as outcome, as a time after the prediction "
                f"(a number and one of {', '.join(UNITS)}, such as 30d), or as the name of the "
                "column that holds the moment"
            )
        return value

    @property
    def delay(self) -> timedelta | None:
        """How long after the moment of prediction; None if that is not how it is written."""
        return _delay(self.root)

    @property
    def column(self) -> str | None:
        """The column that holds the moment, row by row; None if none does."""
        return None if self.root == OUTCOME or self.delay is not None else self.root

    @property
    def too_late(self) -> bool:
        """Tell whether the value is never known when predicting; False where rows decide."""
        return self.root == OUTCOME or (self.delay or timedelta()) > timedelta()


class Columns(Options):
    """The roles of the columns; a column without a role is a feature."""

    target: Name
    positive: bool | int | float | str | None = Field(
        default=None, description="target level that counts as positive; null: the greater one"
    )
    identifier: Name | None = Field(default=None, description="names each row")
    group: Name | None = Field(default=None, description="names what a row belongs to")
    query: Name | None = Field(default=None, description="names the list a row is ranked in")
    time: Name | None = Field(default=None, description="moment at which the row is predicted")
    weight: Name | None = Field(default=None, description="how much a row counts in training")
    sensitive: tuple[Name, ...] = ()
    drop: tuple[Name, ...] = ()
    known_at: dict[Name, KnownAt] = Field(
        default={}, description="when a value is known; not listed: when predicting"
    )

    @model_validator(mode="after")
    def _do_not_contradict(self) -> Self:
        problems = list(self._contradictions())
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def declared(self) -> dict[str, str]:
        """Map each column that has a role to the key that gives it (the first one counts)."""
        roles: dict[str, str] = {}
        for role in KEYS:
            name = getattr(self, role)
            if name is not None:
                roles.setdefault(name, role)
        for role in ("sensitive", "drop"):
            for name in getattr(self, role):
                roles.setdefault(name, role)
        for name in (*self.known_at, *self.moments()):
            roles.setdefault(name, "known_at")
        return roles

    def features(self, available: Iterable[str]) -> list[str]:
        """Name the columns a model may read, in the order of `available`.

        Withheld are those that `target`, `identifier`, `group`, `query`, `time`, `weight` and
        `drop` name, those known too late, and those that only say when another is known.
        Sensitive columns stay features unless they are withheld for another reason.
        """
        named = {getattr(self, role) for role in KEYS}
        withheld = {*named, *self.drop, *self.too_late(), *self.moments(), ROW}
        return [name for name in available if name not in withheld]

    def too_late(self) -> list[str]:
        """Name the columns whose value is never known when predicting, by `known_at`."""
        return [name for name, known in self.known_at.items() if known.too_late]

    def moments(self) -> list[str]:
        """Name the columns that hold the moment at which another one is known."""
        return list(dict.fromkeys(known.column for known in self.known_at.values() if known.column))

    def positive_level(self, target: pd.Series) -> object:
        """Tell which level of the target counts as positive."""
        # not Series.max: a categorical without an order has none, its levels do
        return max(target.dropna().unique()) if self.positive is None else self.positive

    def labels(self, target: pd.Series, positive: object | None = None) -> npt.NDArray[np.int8]:
        """Encode a binary target, shape (n,): 1 where it equals the positive level, else 0.

        Args:
            target: The target column.
            positive: The positive level; found in `target` itself where it is not given.
        """
        level = self.positive_level(target) if positive is None else positive
        return np.asarray(target == level, dtype=np.int8)

    def groups(self, frame: pd.DataFrame) -> npt.NDArray[np.int64]:
        """Number the resampling units of the rows, shape (n,): groups, else queries, else rows."""
        unit = self.group or self.query
        if unit is None:
            return np.arange(len(frame), dtype=np.int64)
        return pd.factorize(frame[unit], use_na_sentinel=False)[0].astype(np.int64)

    def _contradictions(self) -> Iterator[str]:
        for role in KEYS[1:]:
            if getattr(self, role) == self.target:
                yield f"target and {role} name the same column, '{self.target}'"
        for role in ("sensitive", "drop"):
            if self.target in getattr(self, role):
                yield f"'{self.target}' is the target, and listed in {role} as well"
            for name, count in Counter(getattr(self, role)).items():
                if count > 1:
                    yield f"'{name}' is listed {count} times in {role}"
        for (one, other), why in SEPARATE.items():
            name = getattr(self, one)
            if name is not None and name == getattr(self, other):
                yield f"{one} and {other} name the same column, '{name}': {why}"
        yield from self._contradictions_in_time()

    def _contradictions_in_time(self) -> Iterator[str]:
        if self.target in self.known_at:
            yield f"'{self.target}' is the target, which needs no entry in known_at"
        if self.time is not None and self.time in self.known_at:
            yield f"'{self.time}' is the time of prediction, which needs no entry in known_at"
        for name, known in self.known_at.items():
            if known.column == self.target:
                yield f"known_at.{name} names the target, '{self.target}'; write {OUTCOME}"
            elif known.column is not None and self.time is None:
                yield (
                    f"known_at.{name} names a column, '{known.column}', but there is no moment of "
                    "prediction to compare it with: name the column that holds it in time, or "
                    f"write {OUTCOME} or a time such as 2d"
                )


def _delay(written: str) -> timedelta | None:
    found = re.fullmatch(rf"(\d{{1,6}}(?:\.\d+)?)\s*({'|'.join(UNITS)})", written)
    return None if found is None else timedelta(**{UNITS[found[2]]: float(found[1])})


def _is_unreadable_delay(written: str) -> bool:
    looks_so = re.fullmatch(r"[+-]?\d+(\.\d+)?\s*[A-Za-z]*", written)
    return looks_so is not None and _delay(written) is None
