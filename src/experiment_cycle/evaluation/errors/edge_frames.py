"""Unusual tables: a few training rows, each time changed in one way a model may meet in use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api import types

Expectation = Literal["answers", "same", "same or refuses", "refuses"]
Kind = Literal["number", "flag", "date", "text"]

FAR = 1000.0
"""How many times its range in train a number is beyond its ends."""
HUGE_INTEGER, HUGE = 2**62, 1e30
PAST, FUTURE = pd.Timestamp("1700-01-01"), pd.Timestamp("2250-01-01")
WORD = "no such level"
EXTRA = "a column that no model knows"


@dataclass(frozen=True, eq=False)
class Unusual:
    """One unusual table.

    Attributes:
        case: What is unusual.
        frame: The table.
        expected: answers: finite predictions in range, or an error that names the column. same:
            the predictions of the rows as they are. refuses: an error that names the column.
        column: Which column is unusual; None: the table as a whole.
        places: Which row of those as they are each of its rows is, shape (n,).
    """

    case: str
    frame: pd.DataFrame
    expected: Expectation
    column: str | None = None
    places: npt.NDArray[np.int64] = field(default_factory=lambda: np.arange(0))


def unusual_tables(rows: pd.DataFrame, train: pd.DataFrame, read: list[str]) -> Iterator[Unusual]:
    """Make one table after the other.

    Args:
        rows: A few rows of train, the features only.
        train: All of its rows: they say which levels and numbers are known.
        read: The columns to try one by one.
    """
    every = np.arange(len(rows))
    yield Unusual("the same again", rows, "same", places=every)
    yield Unusual("no rows", rows.iloc[:0], "same")
    for place in every[:3]:
        yield Unusual("a single row", rows.iloc[[place]], "same", places=every[[place]])
    yield Unusual("columns in another order", rows[rows.columns[::-1]], "same", places=every)
    yield Unusual("one more column", rows.assign(**{EXTRA: WORD}), "same", places=every)
    twice = np.concatenate([every, every])
    yield Unusual("every row twice", rows.iloc[twice], "same", places=twice)
    blank = rows.apply(_missing)
    yield Unusual("every value missing", blank, "answers", places=every)
    for name in read:
        yield from _of_column(name, rows, train[name])


def kind_of(column: pd.Series) -> Kind:
    """Tell what a column holds, as far as unusual values of it go."""
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return "text"
    inferred = types.infer_dtype(column, skipna=True)
    if types.is_bool_dtype(dtype) or inferred == "boolean":
        return "flag"
    if types.is_numeric_dtype(dtype):
        return "number"
    if types.is_datetime64_any_dtype(dtype) or inferred in {"date", "datetime", "datetime64"}:
        return "date"
    return "text"


def _of_column(name: str, rows: pd.DataFrame, known: pd.Series) -> Iterator[Unusual]:
    """Make the tables in which one column is unusual."""
    every, kind = np.arange(len(rows)), kind_of(known)
    yield Unusual("a missing column", rows.drop(columns=name), "refuses", name)
    changes: dict[str, tuple[Any, Expectation]] = {"a missing value": (None, "answers")}
    if kind == "number":
        changes |= _numbers(known)
    if kind in {"number", "flag"}:
        changes["text for a number"] = (WORD, "refuses")
        changes["a date for a number"] = (FUTURE, "refuses")
    if kind == "text":
        changes["a level never seen"] = (_unseen(known), "answers")
        changes["a number for text"] = (HUGE_INTEGER, "answers")
    if kind == "date":
        changes |= _dates(known)
    for case, (value, expected) in changes.items():
        yield Unusual(case, _with(rows, name, value), expected, name, every)
    if kind == "date":
        written = rows.copy(deep=False)
        written[name] = rows[name].astype(str).where(rows[name].notna())
        yield Unusual("a date as text", written, "same or refuses", name, every)


def _numbers(known: pd.Series) -> dict[str, tuple[Any, Expectation]]:
    values = known.to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isnan(values).all():
        return {}
    least, greatest = float(np.nanmin(values)), float(np.nanmax(values))
    reach = FAR * ((greatest - least) or 1.0)
    whole = types.is_integer_dtype(known.dtype)
    return {
        "far below": (least - reach, "answers"),
        "far above": (greatest + reach, "answers"),
        "a huge number": (HUGE_INTEGER if whole else HUGE, "answers"),
        "infinite": (np.inf, "answers"),
        "minus infinite": (-np.inf, "answers"),
    }


def _dates(known: pd.Series) -> dict[str, tuple[Any, Expectation]]:
    zone = getattr(known.dtype, "tz", None)
    return {
        "far in the past": (PAST.tz_localize(zone), "answers"),
        "far in the future": (FUTURE.tz_localize(zone), "answers"),
        "text for a date": (WORD, "refuses"),
        "a number for a date": (42, "refuses"),
    }


def _unseen(known: pd.Series) -> str:
    """Write a level that no training row has."""
    levels, word = {str(level) for level in known.unique()}, WORD
    while word in levels:
        word += "!"
    return word


def _with(rows: pd.DataFrame, name: str, value: Any) -> pd.DataFrame:
    """Put one value, or a gap, into a whole column, which takes its type on."""
    changed = rows.copy(deep=False)
    changed[name] = _missing(rows[name]) if value is None else value
    return changed


def _missing(column: pd.Series) -> pd.Series:
    """Empty a column; whole numbers become floats, as they do in any table with gaps."""
    return column.where(np.zeros(len(column), dtype=bool))
