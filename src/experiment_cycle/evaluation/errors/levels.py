"""The levels of a column, with labels a reader understands."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

MISSING = "missing"


@dataclass(frozen=True, eq=False)
class Levels:
    """Which level each row has: `codes` index `labels`, shape (n,); `cut` tells of quantiles."""

    codes: npt.NDArray[np.int64]
    labels: tuple[str, ...]
    cut: bool


def levels(column: pd.Series, bins: int, most_levels: int) -> Levels:
    """Sort the rows of a column into levels; missing values are a level of their own, the last.

    Args:
        column: The values, shape (n,).
        bins: Into how many parts a numeric column with many levels is cut.
        most_levels: Numbers and dates with more levels than this are cut at quantiles. Edges that
            coincide, because one value is that frequent, are one.
    """
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_convert(None)
    present = column.notna().to_numpy()
    codes = np.empty(len(column), dtype=np.int64)
    ordered = pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column)
    cut = (
        ordered
        and not pd.api.types.is_bool_dtype(column)
        and column.nunique() > max(most_levels, 1)
    )
    found, labels = _cut(column[present], bins) if cut else _each(column[present])
    codes[present] = found
    codes[~present] = len(labels)
    if not present.all():
        labels.append(MISSING if MISSING not in labels else f"({MISSING})")
    return Levels(codes, tuple(labels), cut)


def _each(values: pd.Series) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Take every distinct value as a level, in their order where they have one."""
    codes, distinct = pd.factorize(values)
    by_text = sorted(range(len(distinct)), key=lambda code: level_text(distinct[code]))
    try:
        ranks = np.argsort(np.asarray(distinct, dtype=np.float64), kind="stable").tolist()
    except (TypeError, ValueError):
        ranks = by_text
    place = np.empty(len(distinct), dtype=np.int64)
    place[ranks] = np.arange(len(distinct))
    return place[codes], [level_text(distinct[code]) for code in ranks]


def _cut(values: pd.Series, bins: int) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Cut at quantiles that are values of the column: a bin holds what is up to its upper edge."""
    edges = quantile_edges(values.sort_values().to_numpy(), bins)
    codes = np.searchsorted(edges, values.to_numpy(), side="left").astype(np.int64)
    texts = edge_texts(edges)
    if not texts:
        return codes, ["all"]
    between = [f"over {low} to {high}" for low, high in pairwise(texts)]
    return codes, [f"up to {texts[0]}", *between, f"over {texts[-1]}"]


def quantile_edges(sorted_values: npt.NDArray[Any], bins: int) -> npt.NDArray[Any]:
    """Find the upper edges of all bins but the last, shape (at most bins - 1,)."""
    positions = np.ceil(np.arange(1, bins) / bins * len(sorted_values)).astype(np.int64) - 1
    edges = np.unique(sorted_values[positions])
    return np.asarray(edges[edges < sorted_values[-1]])


def level_text(value: object) -> str:
    """Write a value; a whole number without decimals."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def edge_texts(edges: npt.NDArray[np.generic]) -> list[str]:
    """Write edges with as few digits as keep them apart, at least four."""
    if np.issubdtype(edges.dtype, np.datetime64):
        days = [str(edge)[:10] for edge in edges]
        return days if len(set(days)) == len(days) else [str(edge)[:19] for edge in edges]
    numbers = [float(edge) for edge in edges]
    for digits in range(4, 17):
        written = [f"{float(f'{number:.{digits}g}'):.15g}" for number in numbers]
        if len(set(written)) == len(written):
            return written
    return [repr(number) for number in numbers]
