"""The values at which a feature is tried: levels, or quantiles that the data really have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

Kind = Literal["number", "date", "category"]

MOST_LEVELS = 12
"""Numbers and dates with more levels are tried at quantiles; of categories the most frequent."""
TAILS = (0.02, 0.98)
"""What is further out is not tried: a model has seen too little there."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Where one feature is tried.

    Attributes:
        name: The feature.
        kind: Numbers and dates are in their order, categories the most frequent first.
        values: Of the column's own type, shape (g,), each a value that some row has.
        deciles: Where a tenth, two tenths ... of the rows lie; empty for categories.
    """

    name: str
    kind: Kind
    values: pd.Series
    deciles: pd.Series


def grid(column: pd.Series, points: int) -> Grid | None:
    """Choose values of a column; None if it has only one, or none.

    Args:
        column: The values of the rows, shape (n,); missing ones are left out.
        points: How many quantiles at most.
    """
    present = column.dropna()
    kind = _kind(present)
    if kind == "category":
        values = _most_frequent(present)
        return Grid(str(column.name), kind, values, values.iloc[:0]) if len(values) > 1 else None
    ordered = present.sort_values(kind="stable")
    distinct = ordered.drop_duplicates()
    if len(distinct) <= 1:
        return None
    if len(distinct) > MOST_LEVELS:
        at = _places(len(ordered), np.linspace(*TAILS, points))
        distinct = ordered.iloc[at].drop_duplicates()
    deciles = ordered.iloc[_places(len(ordered), np.arange(1, 10) / 10)]
    return Grid(str(column.name), kind, distinct, deciles)


def texts(values: pd.Series, kind: Kind) -> list[str | float]:
    """Write values for an axis or a table: numbers as they are, dates as ISO, others as text."""
    if kind == "number":
        return [float(value) for value in values]
    if kind == "date":
        return [pd.Timestamp(value).isoformat() for value in values]
    return [str(value) for value in values]


def _kind(present: pd.Series) -> Kind:
    if pd.api.types.is_bool_dtype(present.dtype) or isinstance(present.dtype, pd.CategoricalDtype):
        return "category"
    if pd.api.types.is_numeric_dtype(present.dtype):
        return "number"
    if pd.api.types.is_datetime64_any_dtype(present.dtype):
        return "date"
    return "date" if pd.api.types.infer_dtype(present) in {"date", "datetime"} else "category"


def _most_frequent(present: pd.Series) -> pd.Series:
    """Take one row of each frequent level; equally frequent ones are in the order of their text."""
    codes, levels = pd.factorize(present)
    counts = np.bincount(codes, minlength=len(levels))
    order = np.lexsort((np.asarray([str(level) for level in levels]), -counts))[:MOST_LEVELS]
    first = np.unique(codes, return_index=True)[1]
    return present.iloc[first[order]]


def _places(rows: int, shares: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    return np.maximum(np.ceil(shares * rows).astype(np.int64) - 1, 0)
