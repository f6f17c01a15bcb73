"""Recognise rows of the dataset in whatever is handed to a `fit`."""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from experiment_cycle.columns import ROW
from experiment_cycle.splitting.parts import PARTS, Part

Counts = dict[str, int]
"""How many rows of each part were seen."""

Positions = npt.NDArray[np.int64]

TEST = PARTS.index("test")
TWO = 2


@dataclass(frozen=True, eq=False)
class KnownRows:
    """The rows of the table that is split, with their parts.

    Attributes:
        frame: The table, in the order of its rows.
        part: The part of each row, shape (n,); see `part_codes`.
    """

    frame: pd.DataFrame
    part: Part
    _parts_of: dict[tuple[str, ...], dict[int, int]] = field(default_factory=dict)

    def count(self, given: Any) -> tuple[Counts, str] | None:
        """Count the rows of each part in a table or matrix; None if they cannot be recognised.

        Rows are known by the index `__row__`; where it is lost, by the values of the columns that
        have a name; and where those are lost, by whole columns that equal one of the table's.
        By values a row counts only if no row of another part has the same.

        Returns:
            The counts, and how the rows were recognised: `index`, `values` or `column`.
        """
        if isinstance(given, pd.DataFrame):
            if given.index.name == ROW:
                return self._by_position(given.index.to_numpy(), "index")
            found = self._by_values(given)
            if found is not None:
                return found
        return self._by_column(given)

    def _by_position(self, rows: Any, how: str) -> tuple[Counts, str]:
        inside = rows[(rows >= 0) & (rows < len(self.part))]
        counted = np.bincount(self.part[inside], minlength=len(PARTS) + 1)
        return {name: int(counted[code]) for code, name in enumerate(PARTS)}, how

    def _by_values(self, given: pd.DataFrame) -> tuple[Counts, str] | None:
        names = tuple(name for name in given.columns if name in self.frame.columns)
        same = all(given[name].dtype == self.frame[name].dtype for name in names)
        if not names or not same:
            return None
        hashes = _hashes(given[list(names)])
        known = self._parts(names)
        parts = [known.get(each, -1) for each in hashes.tolist()]
        counted = {name: parts.count(code) for code, name in enumerate(PARTS)}
        return (counted, "values") if any(counted.values()) else None

    def _parts(self, names: tuple[str, ...]) -> dict[int, int]:
        """Map the hash of values to the part that alone has them."""
        if names not in self._parts_of:
            hashes = _hashes(self.frame[list(names)])
            table = pd.DataFrame({"hash": hashes, "part": self.part})
            ends = table.groupby("hash")["part"].agg(["min", "max"])
            alone = ends.loc[ends["min"] == ends["max"], "min"]
            self._parts_of[names] = dict(zip(alone.index.tolist(), alone.tolist(), strict=True))
        return self._parts_of[names]

    def _by_column(self, given: Any) -> tuple[Counts, str] | None:
        """Find a known set of rows of which one column has all values, in their order."""
        matrix = _numbers(given)
        if matrix is None:
            return None
        columns: set[bytes] | None = None
        for rows, known in self._row_sets:
            if len(rows) != len(matrix):
                continue
            columns = columns or {_content(column) for column in matrix.T}
            if columns & known:
                return self._by_position(rows, "column")
        return None

    @cached_property
    def _row_sets(self) -> list[tuple[Positions, set[bytes]]]:
        """The sets of rows that code hands on, each with the content of its columns."""
        parts = [np.flatnonzero(self.part == code) for code in range(len(PARTS))]
        shown = np.concatenate(parts[:TEST])
        assigned = np.flatnonzero(self.part < len(PARTS))
        everything = np.arange(len(self.part))
        sets = [parts[0], shown, np.sort(shown), parts[1], parts[TEST], assigned, everything]
        return [(rows, self._contents(rows)) for rows in sets]

    def _contents(self, rows: Positions) -> set[bytes]:
        numbers = self.frame.select_dtypes(["number", "bool"])
        columns = (
            numbers[name].to_numpy(dtype=np.float64, na_value=np.nan)[rows] for name in numbers
        )
        # truth and two levels tell no rows apart
        return {_content(column) for column in columns if len(np.unique(column)) > TWO}


class RowBook:
    """The rows of several tables, such as the raw ones and the one that is split.

    Args:
        tables: Their rows; the first one that recognises something counts.
    """

    def __init__(self, tables: Sequence[KnownRows]) -> None:
        self._tables = list(tables)
        self._followed: dict[int, tuple[weakref.ref[Any], Counts]] = {}

    def count(self, given: Any) -> tuple[Counts, str] | None:
        """Count the rows of each part; see `KnownRows.count`.

        A matrix that another step made of rows that were recognised is known too, as `followed`.
        """
        known = self._made_of_known_rows(given)
        if known is not None:
            return known, "followed"
        if isinstance(given, pd.Series):
            given = given.to_frame()
        for table in self._tables:
            found = table.count(given)
            if found is not None:
                return found
        return self._held_by(given)

    def follow(self, given: Any, made: Any) -> None:
        """Remember that a matrix was made of rows that are recognised, one for each of them."""
        if made is given or not hasattr(made, "shape") or not hasattr(given, "shape"):
            return
        if made.shape[:1] != given.shape[:1]:
            return
        self.hold(given, made)

    def hold(self, given: Any, holder: Any) -> None:
        """Remember that an object holds rows, if they are recognised."""
        counted = None if given is None else self.count(given)
        if counted is None:
            return
        try:
            self._followed[id(holder)] = (weakref.ref(holder), counted[0])
        except TypeError:  # nothing can refer to it weakly
            return

    def _made_of_known_rows(self, given: Any) -> Counts | None:
        """Look up what is followed, or a view of all rows of it."""
        for each in (given, getattr(given, "base", None)):
            known = self._followed.get(id(each))
            if known is not None and known[0]() is each and _rows(each) == _rows(given):
                return known[1]
        return None

    def _held_by(self, given: Any) -> tuple[Counts, str] | None:
        """Look for a table of as many rows in an object that is none, such as a data set."""
        if hasattr(given, "shape") or not hasattr(given, "__dict__") or _rows(given) is None:
            return None
        for each in vars(given).values():
            found = (
                self.count(each) if hasattr(each, "shape") and _rows(each) == len(given) else None
            )
            if found is not None:
                return found
        return None


def _rows(given: Any) -> int | None:
    shape = getattr(given, "shape", None)
    if isinstance(shape, tuple) and shape:
        return int(shape[0])
    try:
        return len(given)
    except Exception:  # an object of the user's may refuse in any way
        return None


def _content(column: npt.NDArray[np.float64]) -> bytes:
    values = np.ascontiguousarray(column, dtype=np.float64)
    return hashlib.blake2b(values.tobytes(), digest_size=16).digest()


def _hashes(frame: pd.DataFrame) -> npt.NDArray[np.uint64]:
    return np.asarray(pd.util.hash_pandas_object(frame, index=False), dtype=np.uint64)


def _numbers(given: Any) -> npt.NDArray[np.float64] | None:
    """Make a matrix of numbers, shape (rows, columns), of what was given; None if it has none."""
    if isinstance(given, pd.DataFrame):
        given = given.select_dtypes(["number", "bool"])
        return given.to_numpy(dtype=np.float64, na_value=np.nan) if given.shape[1] else None
    if sparse.issparse(given):
        return None
    if not isinstance(given, list | tuple) and not hasattr(given, "__array__"):
        return None
    try:
        matrix = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    if matrix.ndim == 1:
        matrix = matrix[:, None]
    return matrix if matrix.ndim == 2 else None  # noqa: PLR2004
