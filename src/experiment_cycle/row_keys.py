"""Keys by which a row is recognised later: in another split, run or dataset version."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.columns import Columns


def row_keys(frame: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """Make the keys of each row.

    Args:
        frame: Rows of one split, indexed by `__row__`.
        columns: The roles of the columns.

    Returns:
        One row each, same index: `features` (hash of the values a model may read), `row` (hash of
        the identifier where one is declared, else of the whole row), and `unit` (hash of the group
        where one is declared, else of the query, else of the row). Where both group and query are
        declared there is also `query`. Hashes are unsigned 64-bit integers that depend on values
        and dtypes only.
    """
    hashed = pd.util.hash_pandas_object
    whole = frame if columns.identifier is None else frame[[columns.identifier]]
    row = hashed(whole, index=False)
    named = columns.group or columns.query
    unit = row if named is None else hashed(frame[named], index=False)
    features = hashed(frame[columns.features(frame.columns)], index=False)
    keys = pd.DataFrame({"features": features, "row": row, "unit": unit}, index=frame.index)
    if columns.group is not None and columns.query is not None:
        keys["query"] = hashed(frame[columns.query], index=False)
    return keys


def hash_rows(rows: npt.NDArray[np.int64]) -> str:
    """Hash row positions, shape (n,): SHA-256 (hex) of them, sorted, as little-endian int64."""
    return hashlib.sha256(np.sort(rows).astype("<i8").tobytes()).hexdigest()


def hash_keys(keys: npt.NDArray[np.uint64]) -> str:
    """Hash row keys, shape (n,): SHA-256 (hex) of them, sorted, as little-endian uint64."""
    return hashlib.sha256(np.sort(keys).astype("<u8").tobytes()).hexdigest()
