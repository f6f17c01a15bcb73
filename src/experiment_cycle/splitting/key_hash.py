"""Place by the hash of a key: a row or unit gets its part from its own key and nothing else."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.splitting.units import number_units

CHUNK = 2**15
"""So many keys are mixed at once that they stay in the processor's cache."""

Hashes = npt.NDArray[np.uint64]


def unit_hashes(frame: pd.DataFrame, columns: Columns, names: list[str]) -> Hashes:
    """Hash the key of each row, shape (n,).

    Of columns that are kept whole, the first one's value; where two are declared, the least hash
    of all rows that they hold together. Else the identifier, else the values a model may read.

    Args:
        frame: A table with these columns.
        columns: The roles of the columns.
        names: The columns that are kept whole; see `kept_whole`.
    """
    if not names:
        name = columns.identifier
        read = columns.features(frame.columns) or list(frame.columns)
        return hashed(frame[read] if name is None else frame[name])
    keys = hashed(frame[names[0]])
    if len(names) == 1:
        return keys
    units = number_units(frame, names)
    least = np.full(int(units.max(initial=-1)) + 1, np.iinfo(np.uint64).max, dtype=np.uint64)
    np.minimum.at(least, units, keys)
    return np.asarray(least[units], dtype=np.uint64)


def hashed(values: pd.Series | pd.DataFrame) -> Hashes:
    """Hash values, shape (n,): unsigned 64-bit numbers that depend on values and dtypes only."""
    keys = pd.util.hash_pandas_object(values, index=False)
    return np.asarray(keys, dtype=np.uint64)


def place_by_hash(keys: Hashes, ratios: npt.NDArray[np.float64], salt: str) -> npt.NDArray[np.int8]:
    """Give each key a part, shape (n,), with the ratios as chances.

    Args:
        keys: Hashes of the keys, shape (n,).
        ratios: The shares of the parts, shape (k,); a part whose share is 0 gets nothing.
        salt: Another salt gives another split.
    """
    seed = int.from_bytes(hashlib.sha256(salt.encode()).digest()[:8], "little")
    held = np.flatnonzero(ratios > 0).astype(np.int8)
    shares = np.cumsum(ratios[held] / ratios.sum())[:-1]
    # a bound that rounding lifts to 1 leaves next to nothing above it
    bounds = [np.uint64(min(int(share * 2.0**64), 2**64 - 1)) for share in shares]
    order = np.zeros(len(keys), dtype=np.int8)
    for begin in range(0, len(keys), CHUNK):
        salted = _mixed(keys[begin : begin + CHUNK], seed)
        for bound in bounds:
            order[begin : begin + CHUNK] += salted >= bound
    return np.asarray(held[order], dtype=np.int8)


def _mixed(keys: Hashes, salt: int) -> Hashes:
    """Mix hashes with a salt so that every bit depends on all (SplitMix64, Steele et al. 2014)."""
    mixed = keys ^ np.uint64(salt)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)):
        mixed ^= mixed >> np.uint64(shift)
        mixed *= np.uint64(factor)
    return mixed
