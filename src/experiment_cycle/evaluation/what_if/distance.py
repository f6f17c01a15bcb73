"""How far apart rows are, whatever types their columns have."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.metrics.outcomes import Floats

TAILS = (0.01, 0.99)
"""Differences are measured in the distance of these quantiles, which no extreme can widen."""


class Gower:
    """The distance of Gower (Biometrics 1971): the mean difference over columns, each 0 to 1.

    Numbers and dates differ by their distance in units of the spread of the training rows, at most
    1; other values by 0 or 1. A missing value is 1 away from any other and 0 from a missing one.
    """

    def __init__(self, train: pd.DataFrame, rows: pd.DataFrame, names: Sequence[str]) -> None:
        """Prepare the columns `names` of both tables."""
        self._numbers: list[tuple[Floats, Floats]] = []
        self._codes: list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]] = []
        for name in names:
            if is_ordered(train[name]):
                self._numbers.append(_scaled(train[name], rows[name]))
            else:
                both = pd.concat([train[name].astype(object), rows[name].astype(object)])
                codes = pd.factorize(both)[0]
                self._codes.append((codes[: len(train)], codes[len(train) :]))
        self._count = max(len(names), 1)
        self._length = len(train)

    def from_row(self, row: int) -> Floats:
        """Measure the distance of every training row from a row, by its position: shape (n,)."""
        total = np.zeros(self._length)
        for train, rows in self._numbers:
            apart = np.minimum(np.abs(train - rows[row]), 1.0)
            missing = np.isnan(train)
            apart[missing] = 1.0
            total += np.where(missing, 0.0, 1.0) if np.isnan(rows[row]) else apart
        for codes, own in self._codes:
            total += codes != own[row]
        return total / self._count


def is_ordered(column: pd.Series) -> bool:
    """Tell numbers and dates from categories, booleans among them."""
    if pd.api.types.is_bool_dtype(column.dtype):
        return False
    return pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(
        column.dtype
    )


def _scaled(train: pd.Series, rows: pd.Series) -> tuple[Floats, Floats]:
    known, asked = _floats(train), _floats(rows)
    present = known[~np.isnan(known)]
    if not len(present):
        return known, asked
    low, high = np.quantile(present, TAILS, method="inverted_cdf")
    spread = (high - low) or float(np.ptp(present)) or 1.0
    return known / spread, asked / spread


def _floats(column: pd.Series) -> Floats:
    if not pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    naive = column.dt.tz_convert(None) if column.dt.tz is not None else column
    seconds = naive.to_numpy().astype("datetime64[us]").astype(np.float64) / 1e6
    return np.where(column.isna().to_numpy(), np.nan, seconds)
