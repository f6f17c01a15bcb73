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
        where one is declared, else of the row). Hashes are unsigned 64-bit integers that depend on
        values and dtypes only.
    """
    hashed = pd.util.hash_pandas_object
    whole = frame if columns.identifier is None else frame[[columns.identifier]]
    row = hashed(whole, index=False)
    unit = row if columns.group is None else hashed(frame[columns.group], index=False)
    features = hashed(frame[columns.features(frame.columns)], index=False)
    return pd.DataFrame({"features": features, "row": row, "unit": unit}, index=frame.index)


def hash_rows(rows: npt.NDArray[np.int64]) -> str:
    """Hash row positions, shape (n,): SHA-256 (hex) of them, sorted, as little-endian int64."""
    return hashlib.sha256(np.sort(rows).astype("<i8").tobytes()).hexdigest()
