"""The table as the checks compute with it: codes in the order of the values, and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.target import has_many_levels

Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

Kind = Literal["number", "level", "moment"]

FEW = 10
"""Numbers with at most so many distinct values are levels to most checks."""
BINARY = 2
MOST_CLASSES = 50
GLANCE = 100


@dataclass(frozen=True, eq=False)
class Column:
    """One column of the rows looked at.

    Attributes:
        name: Its name.
        kind: `number`, `moment` (dates), or `level` (text, true and false, categories).
        codes: Shape (n,), numbered from 0 in the order of the values; missing is the last one.
        levels: How many codes there are.
        values: Shape (n,): the numbers, microseconds of dates, NaN where missing; None for levels.
        text: Whether the values are text.
    """

    name: str
    kind: Kind
    codes: Codes
    levels: int
    values: Floats | None
    text: bool = False

    @cached_property
    def counts(self) -> Rows:
        """Count the rows of each code, shape (levels,)."""
        return np.bincount(self.codes, minlength=self.levels).astype(np.int64)

    @property
    def collision(self) -> float:
        """The probability that two different rows have the same value."""
        counts, total = self.counts.astype(np.float64), float(len(self.codes))
        return float((counts * (counts - 1)).sum() / max(1.0, total * (total - 1)))

    @cached_property
    def whole(self) -> bool:
        """Tell whether all values are whole numbers, and none is missing."""
        if self.kind != "number" or self.values is None:
            return False
        return bool(np.isfinite(self.values).all() and (self.values == np.rint(self.values)).all())

    @property
    def continuous(self) -> bool:
        """Tell whether values seldom repeat, so that distances between them mean something."""
        if self.kind == "level":
            return False
        rows = len(self.codes)
        return self.levels >= max(30, min(0.1 * rows, 1000)) and self.counts.max() <= 0.2 * rows

    @cached_property
    def ranks(self) -> npt.NDArray[np.float32]:
        """The mean rank of each value, as a share of the rows, shape (n,)."""
        before = np.cumsum(self.counts) - self.counts
        middle = (before + self.counts / 2) / max(1, len(self.codes))
        return middle.astype(np.float32)[self.codes]


def encode(values: pd.Series) -> Column:
    """Encode a column as it was read."""
    name, kind = str(values.name), values.dtype
    if isinstance(kind, pd.DatetimeTZDtype) or kind.kind in "mM":
        plain = values.dt.tz_localize(None) if isinstance(kind, pd.DatetimeTZDtype) else values
        numbers = plain.to_numpy().astype("M8[us]" if kind.kind == "M" else "m8[us]")
        floats = numbers.astype(np.int64).astype(np.float64)
        floats[np.isnat(numbers)] = np.nan
        return _number(name, "moment", floats)
    if pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind):
        return _number(name, "number", values.to_numpy(dtype=np.float64, na_value=np.nan))
    text = bool(pd.api.types.is_string_dtype(kind) or pd.api.types.is_object_dtype(kind))
    dates = _dates(values) if text else None
    if dates is not None:
        return _number(name, "moment", dates)
    plain = values.astype(object) if isinstance(kind, pd.CategoricalDtype) else values
    try:
        codes, found = pd.factorize(plain, sort=True, use_na_sentinel=True)
    except TypeError:  # values of several kinds have no order
        codes, found = pd.factorize(plain.map(str, na_action="ignore"), sort=True)
    levels = len(found)
    if (codes < 0).any():
        codes, levels = np.where(codes < 0, levels, codes), levels + 1
    return Column(name, "level", codes.astype(np.int32), levels, None, text)


def _dates(values: pd.Series) -> Floats | None:
    """Read text or objects that are dates, as microseconds since 1970; None if they are not."""
    first = values.dropna().head(GLANCE).map(str)
    if not len(first) or not first.str.match(r"\d{4}-\d\d-\d\d($|[T ])").all():
        return None
    stamps = pd.to_datetime(values, utc=True, format="ISO8601", errors="coerce")
    if stamps.notna().sum() < values.notna().sum():
        return None
    numbers = np.asarray(stamps.dt.tz_localize(None), dtype="datetime64[us]")
    floats = numbers.astype(np.int64).astype(np.float64)
    floats[np.isnat(numbers)] = np.nan
    return floats


def _number(name: str, kind: Kind, values: Floats) -> Column:
    found, codes = np.unique(values, return_inverse=True)
    return Column(name, kind, codes.ravel().astype(np.int32), len(found), values)


@dataclass(frozen=True, eq=False)
class Target:
    """The target as a matrix, so that classes and numbers are computed with alike.

    Attributes:
        values: Shape (n, k): one indicator for each class (one for two classes), or the number.
        number: Whether it is a number.
        codes: Shape (n,): the class, or the rank among the distinct numbers.
    """

    values: Floats
    number: bool
    codes: Codes

    def take(self, rows: Rows) -> Target:
        """Keep some rows."""
        return Target(self.values[rows], self.number, self.codes[rows])


def encode_target(values: pd.Series) -> Target:
    """Encode the target; rare classes beyond the most frequent ones have no indicator."""
    column = encode(values)
    if column.values is not None and has_many_levels(values):
        numbers = np.nan_to_num(column.values, nan=float(np.nanmedian(column.values)))
        return Target(numbers[:, None], number=True, codes=column.codes)
    frequent = np.argsort(-column.counts, kind="stable")[:MOST_CLASSES]
    if column.levels == BINARY:
        frequent = np.array([1])
    indicators = (column.codes[:, None] == np.sort(frequent)[None, :]).astype(np.float64)
    return Target(indicators, number=False, codes=column.codes)


def read_column(snapshot: Snapshot, name: str, rows: Rows | None) -> pd.Series:
    """Read one column: all of its rows, or some."""
    values = snapshot.to_pandas([name])[name]
    return values if rows is None else values.iloc[rows]
