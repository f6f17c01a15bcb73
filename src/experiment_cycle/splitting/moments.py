"""The time column as numbers: moments that can be compared, and stretches between them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.errors import ConfigurationError, DataError
from experiment_cycle.splitting.duration import Duration

MICROSECOND = timedelta(microseconds=1)

Values = npt.NDArray[np.int64] | npt.NDArray[np.float64]
Moment = int | float


@dataclass(frozen=True, eq=False)
class Moments:
    """When each row is predicted.

    Attributes:
        column: Name of the time column.
        values: Shape (n,): microseconds since 1970 (UTC) of dates, else the numbers themselves.
        dates: Whether the column holds dates.
    """

    column: str
    values: Values
    dates: bool

    def span(self, duration: Duration | None, key: str) -> Moment:
        """Turn a stretch of time into the unit of `values`; 0 where none is declared.

        Raises:
            ConfigurationError: the column holds dates and the stretch is a bare number, or the
                other way about.
        """
        if duration is None:
            return 0
        span = duration.delay if self.dates else duration.number
        if span is None:
            holds = "dates" if self.dates else "numbers"
            right = "a number with a unit, such as 30d" if self.dates else "a bare number"
            raise ConfigurationError(
                f"'splitting.{key}' is {duration}, but the time column '{self.column}' holds "
                f"{holds}. Next step: write {right} in parameters_splitting.yml."
            )
        return span // MICROSECOND if isinstance(span, timedelta) else span

    def written(self, moment: Moment) -> str | float:
        """Write a moment for a file or a message: dates as ISO 8601 in UTC."""
        if self.dates:
            return str(np.datetime64(int(moment), "us"))
        return moment

    def read(self, written: str | float) -> Moment | None:
        """Read what `written` wrote; None if the column held the other kind then."""
        if isinstance(written, str) is not self.dates:
            return None
        if isinstance(written, str):
            return int(np.datetime64(written, "us").astype(np.int64))
        return written


def read_moments(column: pd.Series) -> Moments:
    """Read the time column: dates, text that is one (ISO 8601), or numbers.

    Raises:
        DataError: values are missing, or are neither dates nor numbers.
    """
    name = str(column.name)
    missing = int(column.isna().sum())
    if missing:
        raise DataError(
            f"The time column '{name}' has no value in {missing:,} of {len(column):,} rows, which "
            "can then be placed neither before nor after a moment. Next step: fill or remove them "
            "before 'raw_data', or name another column in 'columns.time'."
        )
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        whole = pd.api.types.is_integer_dtype(column.dtype)
        values = column.to_numpy(dtype=np.int64 if whole else np.float64)
        if whole or np.isfinite(values).all():
            return Moments(name, values, dates=False)
        raise DataError(
            f"The time column '{name}' holds an infinite number. Next step: mend it before "
            "'raw_data', or name another column in 'columns.time'."
        )
    return Moments(name, _microseconds(column, name), dates=True)


def _microseconds(column: pd.Series, name: str) -> npt.NDArray[np.int64]:
    if isinstance(column.dtype, np.dtype) and column.dtype.kind == "M":
        return column.to_numpy().astype("datetime64[us]", copy=False).view(np.int64)
    plain: Any = column
    if not isinstance(column.dtype, pd.DatetimeTZDtype):
        plain = column.astype(object)
        if not plain.map(lambda value: isinstance(value, str) or hasattr(value, "year")).all():
            raise _unreadable(name, plain.iloc[0])
    try:
        stamps = pd.to_datetime(plain, utc=True, format=None if plain is column else "ISO8601")
    except (ValueError, TypeError) as error:
        raise _unreadable(name, plain.iloc[0]) from error
    return np.asarray(stamps.dt.tz_localize(None), dtype="datetime64[us]").astype(np.int64)


def _unreadable(name: str, first: object) -> DataError:
    return DataError(
        f"The time column '{name}' holds neither dates nor numbers (its first value: {first!r}). "
        "Next step: turn it into dates before 'raw_data', or write them as ISO 8601, such as "
        "2024-05-31."
    )
