"""What a split may not divide: groups, queries, or rows that either of them holds together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from experiment_cycle.columns import Columns
from experiment_cycle.splitting.options import KEEPS_GROUPS, SplittingOptions

DENSE = 2
"""Whole numbers are counted in a table if it has at most so many places for each row."""

Codes = npt.NDArray[np.int64]


def kept_whole(columns: Columns, options: SplittingOptions) -> list[str]:
    """Name the columns whose rows stay together: the query always, the group by most strategies."""
    group = columns.group if options.strategy in KEEPS_GROUPS else None
    return list(dict.fromkeys(name for name in (group, columns.query) if name is not None))


def number_units(frame: pd.DataFrame, names: list[str]) -> Codes:
    """Number the units of the rows, shape (n,), in the order of their first rows.

    One column: its values. Two: the connected components, so that neither is ever divided. A
    missing value counts as a value.

    Args:
        frame: A table with these columns.
        names: One or two of its columns.
    """
    if len(names) == 1:
        return _numbered(frame[names[0]])
    one, other = (_numbered(frame[name]) for name in names)
    first = int(one.max(initial=-1)) + 1
    count = first + int(other.max(initial=-1)) + 1
    links = coo_array((np.ones(len(one), dtype=np.int8), (one, first + other)), (count, count))
    component = connected_components(links, directed=False)[1]
    return np.asarray(pd.factorize(component[one])[0], dtype=np.int64)


def _numbered(column: pd.Series) -> Codes:
    """Number the values of a column in the order of their first rows, shape (n,)."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iu" and len(column):
        values = column.to_numpy()
        least, greatest = int(values.min()), int(values.max())
        if greatest - least < len(values) * DENSE and max(greatest, -least) < 2**62:
            return _numbered_by_table(values.astype(np.int64, copy=False) - least)
    return np.asarray(pd.factorize(column, use_na_sentinel=False)[0], dtype=np.int64)


def _numbered_by_table(values: Codes) -> Codes:
    """Number whole numbers from 0 on with a table of all of them: faster than hashing each."""
    rows = np.arange(len(values), dtype=np.int64)
    first = np.full(int(values.max()) + 1, len(values), dtype=np.int64)
    first[values[::-1]] = rows[::-1]  # the last one written is the first one of its kind
    found = np.flatnonzero(first < len(values))
    number = np.empty(len(first), dtype=np.int64)
    number[found[np.argsort(first[found])]] = rows[: len(found)]
    return number[values]


def divided_units(part: npt.NDArray[np.int8], units: Codes, parts: int) -> Codes:
    """Find the units that have rows in more than one part; rows in no part do not count.

    Args:
        part: The part of each row, shape (n,); see `part_codes`.
        units: The unit of each row, shape (n,), numbered from 0.
        parts: How many parts there are.
    """
    count = int(units.max(initial=-1)) + 1
    held = np.zeros(count, dtype=np.int64)
    for code in range(parts):
        present = np.zeros(count, dtype=bool)
        present[units[part == code]] = True
        held += present
    return np.flatnonzero(held > 1)
