"""What a row must be to belong to a slice, in terms of the raw columns."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.evaluation.errors.levels import MISSING, edge_texts, level_text
from experiment_cycle.metrics.outcomes import Floats

Mask = npt.NDArray[np.bool_]

SHOWN = 3
"""So many levels of a set are named; the others are counted."""


@dataclass(frozen=True)
class Condition:
    """A demand on one column.

    Attributes:
        column: Its name.
        label: The demand in words, such as ``over 40 to 65``, ``C, D`` or ``missing``.
        levels: The levels it may have, as text; None where it is read as a number.
        above: The number is greater than this.
        at_most: The number is at most this.
        missing: A missing number fulfils it too.
    """

    column: str
    label: str
    levels: frozenset[str] | None = None
    above: float = -math.inf
    at_most: float = math.inf
    missing: bool = False

    def holds(self, values: pd.Series) -> Mask:
        """Tell which rows fulfil it, shape (n,).

        Args:
            values: The column.
        """
        if self.levels is not None:
            codes, labels = coded(values)
            return np.isin(labels, list(self.levels))[codes] if len(labels) else codes >= 0
        numbers = as_numbers(values)
        # what is missing compares as False
        within = (numbers > self.above) & (numbers <= self.at_most)
        return within | np.isnan(numbers) if self.missing else within


Conditions = tuple[Condition, ...]


def hold(conditions: Iterable[Condition], rows: pd.DataFrame) -> Mask:
    """Tell which rows fulfil all conditions, shape (n,)."""
    found: Mask = np.ones(len(rows), dtype=np.bool_)
    for each in conditions:
        found &= each.holds(rows[each.column])
    return found


def described(conditions: Iterable[Condition]) -> str:
    """Write conditions for a reader, such as ``town: C and age: over 40``."""
    return " and ".join(f"{each.column}: {each.label}" for each in conditions)


def is_ordered(column: pd.Series) -> bool:
    """Tell whether a column is read as a number: numbers and dates, but not true and false."""
    kind = column.dtype
    return not pd.api.types.is_bool_dtype(kind) and (
        pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_datetime64_any_dtype(kind)
    )


def as_numbers(column: pd.Series) -> Floats:
    """Read an ordered column as numbers, shape (n,); dates as seconds since 1970, missing nan."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        dates = column.dt.tz_convert(None) if column.dt.tz is not None else column
        seconds = (dates - pd.Timestamp(0)) / pd.Timedelta(seconds=1)
        return np.asarray(seconds.to_numpy(dtype=np.float64, na_value=np.nan))
    return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))


def coded(column: pd.Series) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Number the levels of a column that is not ordered, and name them; missing is one of them."""
    codes, distinct = pd.factorize(column)
    labels = [level_text(value) for value in distinct]
    if (codes < 0).any():
        codes = np.where(codes < 0, len(labels), codes)
        labels.append(MISSING if MISSING not in labels else f"({MISSING})")
    return codes.astype(np.int64), labels


def one_of(column: str, levels: Iterable[str]) -> Condition:
    """Demand one of several levels."""
    names = sorted(levels)
    shown = ", ".join(names[:SHOWN])
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return Condition(column, shown + more, levels=frozenset(names))


def between(
    column: pd.Series, above: float, at_most: float, missing: bool, seen: Floats
) -> Condition:
    """Demand a number above one edge and up to another.

    Args:
        column: For its name, and whether it holds dates.
        above: The lower edge; minus infinity: there is none.
        at_most: The upper edge; infinity: there is none.
        missing: A missing number will do as well.
        seen: The different numbers of the column, sorted; a range of one of them is named by it.
    """
    is_date = pd.api.types.is_datetime64_any_dtype(column.dtype)
    edges = [edge for edge in (above, at_most) if math.isfinite(edge)]
    inside = seen[(seen > above) & (seen <= at_most)]
    if len(inside) == 1:
        label = _written([float(inside[0])], is_date)[0]
    elif not edges:
        label = "present"
    else:
        texts = iter(_written(edges, is_date))
        low = f"over {next(texts)}" if math.isfinite(above) else ""
        high = next(texts, None)
        both = f"{low} to {high}" if low else f"up to {high}"
        label = low if high is None else both
    if missing:
        label = MISSING if not len(inside) else f"{label} or {MISSING}"
    return Condition(str(column.name), label, above=above, at_most=at_most, missing=missing)


def _written(edges: list[float], is_date: bool) -> list[str]:
    if is_date:
        moments = pd.to_datetime(edges, unit="s").to_numpy()
        return edge_texts(moments)
    whole = [level_text(edge) for edge in edges]
    return whole if all("." not in text for text in whole) else edge_texts(np.array(edges))
