"""Reduce whatever a node makes to hashes that can be compared, one for each of its parts."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from experiment_cycle.audit.frames import as_frame
from experiment_cycle.columns import ROW
from experiment_cycle.training.identity import state_hash

Parts = dict[str, str]
"""Hash (hex) of each part by its path: the columns of a table, the keys of a mapping."""
WHOLE = ""
"""The path of what has no parts."""
DEEPEST = 4


def fingerprint_parts(value: Any) -> Parts:
    """Hash each part of a value; what cannot be hashed has no part.

    Two values have equal hashes if their content is equal, whatever the order of a mapping's keys.
    The index `__row__` of a table, which holds positions, does not count; any other does.
    """
    frame = as_frame(value)
    if frame is not None:
        return dict(_columns(frame))
    if isinstance(value, Mapping):
        return dict(_keys(value, 1))
    digest = _digest(value)
    return {} if digest is None else {WHOLE: digest}


def _columns(frame: pd.DataFrame) -> Iterator[tuple[str, str]]:
    yield "number of rows", str(len(frame))
    if frame.index.name != ROW and not isinstance(frame.index, pd.RangeIndex):
        yield "index", _column(frame.index.to_series())
    for place, name in enumerate(frame.columns):
        yield str(name), _column(frame.iloc[:, place])


def _column(column: pd.Series) -> str:
    digest = hashlib.sha256(str(column.dtype).encode())
    try:
        digest.update(pd.util.hash_pandas_object(column, index=False).to_numpy().tobytes())
    except TypeError:  # lists and the like
        digest.update((_digest(column.tolist()) or "").encode())
    return digest.hexdigest()


def _keys(mapping: Mapping[Any, Any], depth: int) -> Iterator[tuple[str, str]]:
    for key, value in mapping.items():
        if isinstance(value, Mapping) and value and depth < DEEPEST:
            yield from ((f"{key}.{path}", each) for path, each in _keys(value, depth + 1))
            continue
        frame = as_frame(value)
        if frame is not None:
            yield from ((f"{key}.{path}", each) for path, each in _columns(frame))
            continue
        digest = _digest(value)
        if digest is not None:
            yield str(key), digest


def _digest(value: Any) -> str | None:
    if hasattr(value, "to_plotly_json"):
        return hashlib.sha256(value.to_json().encode()).hexdigest()
    try:
        return state_hash(np.asarray(value) if isinstance(value, pd.Index) else value)
    except (TypeError, AttributeError, ValueError):
        pass
    try:
        return hashlib.sha256(pickle.dumps(value)).hexdigest()
    except Exception:  # a value may refuse to be pickled in any way
        return None
