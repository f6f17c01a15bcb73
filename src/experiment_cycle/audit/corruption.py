"""Corrupt rows of a table: every value changes, and nothing breaks for reasons of type."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api import types

Mask = npt.NDArray[np.bool_]

FEW = 20
"""A column with at most so many values is taken for levels: others of them are drawn."""
FAR = 7.0
"""So many times the range of a column its numbers are moved."""
NOISY = 4
"""Every so-many-th text gets a new word."""


def corrupt(
    frame: pd.DataFrame,
    rows: Mask,
    keep: Collection[str],
    seed: int,
    *,
    levels_only: Collection[str] = (),
    far: bool = True,
) -> pd.DataFrame:
    """Corrupt some rows of a table, column by column.

    Truth is flipped, numbers are mirrored and moved far beyond the range of their column (they stay
    at or above zero where all were), dates likewise; levels become other levels that occur, some
    texts also a word that does not. What is missing becomes a value. Order, types and the number of
    rows stay.

    Args:
        frame: The table.
        rows: Which rows, shape (n,).
        keep: Columns left as they are, such as keys and the moment of prediction.
        seed: Where all random choices come from.
        levels_only: Columns of which only values that occur are used, such as a target of classes.
        far: Whether numbers, dates and texts may leave what occurs; if not, values change places.
    """
    if not rows.any() or not frame.shape[1]:
        return frame.copy()
    columns = []
    for place, name in enumerate(frame.columns):
        column = frame.iloc[:, place]
        if str(name) not in keep:
            random = np.random.default_rng([seed, place])
            only = not far or str(name) in levels_only
            column = _corrupted(column, rows, random, only_occurring=only)
        columns.append(column)
    return pd.concat(columns, axis="columns")


def _corrupted(
    column: pd.Series, rows: Mask, random: np.random.Generator, *, only_occurring: bool
) -> pd.Series:
    known = pd.unique(column.dropna())
    if len(known) == 0:
        return column
    if only_occurring or _are_levels(column, known):
        values = _others(column[rows], known, random)
    else:
        values = _moved(column, rows, known, random)
    changed = column.copy()
    changed.iloc[np.flatnonzero(rows)] = pd.Series(
        values, index=column.index[rows], dtype=column.dtype
    )
    return changed


def _are_levels(column: pd.Series, known: Any) -> bool:
    if isinstance(column.dtype, pd.CategoricalDtype) or types.is_bool_dtype(column.dtype):
        return True
    number = types.is_numeric_dtype(column.dtype)
    return (number and len(known) <= FEW) or not (
        number or types.is_datetime64_any_dtype(column.dtype) or types.is_string_dtype(column.dtype)
    )


def _others(old: pd.Series, known: Any, random: np.random.Generator) -> list[Any]:
    """Draw for each row another one of the values that occur."""
    pool = list(known)
    if len(pool) == 1:
        return [pool[0]] * len(old)
    codes = pd.Index(pool).get_indexer(pd.Index(old)) if _hashable(pool) else np.full(len(old), -1)
    step = random.integers(1, len(pool), len(old))
    return [pool[int(place)] for place in (codes + step) % len(pool)]


def _hashable(pool: list[Any]) -> bool:
    try:
        hash(tuple(pool))
    except TypeError:
        return False
    return True


def _moved(column: pd.Series, rows: Mask, known: Any, random: np.random.Generator) -> Any:
    dtype = column.dtype
    if types.is_datetime64_any_dtype(dtype):
        span = column.max() - column.min()
        days = pd.Series(random.integers(1, 400, int(rows.sum())), index=column.index[rows])
        return (column[rows].fillna(column.max()) + span + pd.to_timedelta(days, unit="D")).array
    if not types.is_numeric_dtype(dtype):
        texts = _others(column[rows], known, random)
        return [
            f"{text} {random.integers(10**6)}"
            if place % NOISY == 0 and isinstance(text, str)
            else text
            for place, text in enumerate(texts)
        ]
    return _numbers(column, rows, random)


def _numbers(column: pd.Series, rows: Mask, random: np.random.Generator) -> Any:
    every = column.to_numpy(dtype=np.float64, na_value=np.nan)
    finite = every[np.isfinite(every)]
    if not len(finite):
        return column[rows].array
    least, most = float(finite.min()), float(finite.max())
    span = max(most - least, abs(most), 1.0)
    old = np.nan_to_num(every[rows], nan=least, posinf=most, neginf=least)
    upwards = most + least - old + span * (FAR + random.random(len(old)))
    # all to one side: half to each would leave a median where it is
    new = upwards if least >= 0 or random.random() < 1 / 2 else least + most - upwards
    if not types.is_integer_dtype(column.dtype):
        return new
    # a type with few bits has no far: its ends are then the farthest there is
    info = np.iinfo(getattr(column.dtype, "numpy_dtype", column.dtype))
    inside = np.clip(np.round(new), max(info.min, -(2**53)), min(info.max, 2**53))
    same = inside == old
    inside[same] = np.where(old[same] > least, least, most)
    return inside.astype(np.int64 if info.max <= 2**63 - 1 else np.uint64)
