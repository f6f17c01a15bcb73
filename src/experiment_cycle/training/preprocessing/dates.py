"""Dates and times as numbers, part by part."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api import types

from experiment_cycle.errors import DataError
from experiment_cycle.training.preprocessing.readers import Reader

EPOCH = pd.Timestamp("1970-01-01")


class Dates(Reader):
    """Parts of dates and times: year, hour and so on; `timestamp` is in seconds since 1970.

    Parts of a moment with a time zone are those on the clocks of the zone the training rows had;
    its timestamp is in universal time. Missing dates have NaN in every part.
    """

    def __init__(self, columns: tuple[str, ...], parts: tuple[tuple[str, ...], ...]) -> None:
        super().__init__(columns)
        self.parts = parts

    def fit(self, frame: pd.DataFrame, target: Any = None) -> Self:
        """Learn the time zone of each column; the empty text where it has none."""
        self.zones_ = tuple(_zone(_moments(frame[name])) for name in self.columns)
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "zones_")

    def transform(self, frame: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Read the parts, shape (rows, parts of all columns).

        Raises:
            DataError: a value is no date, or has a time zone where the training rows had none.
        """
        outputs = np.empty((len(frame), sum(map(len, self.parts))), dtype=np.float64)
        position = 0
        for name, parts, zone in zip(self.columns, self.parts, self.zones_, strict=True):
            moments = _in_zone(_moments(frame[name]), zone)
            for part in parts:
                outputs[:, position] = _part(moments, part)
                position += 1
        return outputs

    def get_feature_names_out(self, names: Any = None) -> npt.NDArray[np.object_]:
        """Name the outputs: column and part."""
        pairs = zip(self.columns, self.parts, strict=True)
        return np.asarray([f"{name}_{part}" for name, parts in pairs for part in parts], object)


def _moments(column: pd.Series) -> pd.Series:
    try:
        # pandas would take numbers for nanoseconds since 1970
        if types.is_numeric_dtype(column.dtype) and column.notna().any():
            raise TypeError(f"{column.dtype} is no date")
        # text in any other form is a guess: which is the day, which the month?
        text = types.infer_dtype(column, skipna=True) == "string"
        return pd.to_datetime(column, format="ISO8601" if text else None)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"Column '{column.name}' holds dates where the model was trained, but here is "
            f"something else: {error}. Next step: bring the rows in the types of the training "
            "data."
        ) from error


def _zone(moments: pd.Series) -> str:
    zone = moments.dt.tz
    return "" if zone is None else str(zone)


def _in_zone(moments: pd.Series, zone: str) -> pd.Series:
    if bool(zone) != (moments.dt.tz is not None):
        with_zone, without = ("here", "in training") if not zone else ("in training", "here")
        raise DataError(
            f"Column '{moments.name}' has a time zone {with_zone} and none {without}. Next step: "
            "bring the rows in the types of the training data."
        )
    return moments.dt.tz_convert(zone) if zone else moments


def _part(moments: pd.Series, part: str) -> npt.NDArray[np.float64]:
    if part == "timestamp":
        instants = moments.dt.tz_convert("UTC").dt.tz_localize(None) if moments.dt.tz else moments
        values = (instants - EPOCH) / pd.Timedelta(seconds=1)
    else:
        values = getattr(moments.dt, part)
    return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))
