"""Which rows of two versions are compared, so that a test may take them for independent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.data_versioning.changes.rows import RowChanges, Shared, one

TABLES = ("earlier", "later")
Compared = Literal["added", "removed", "whole"]

LIMIT = 100_000
"""Rows a side: a shift of the distribution by one percentage point is found by as many."""
NUMBERS = frozenset({"integer", "float", "decimal"})
TIMES = frozenset({"DATE", "TIME", "timestamp", "TIMESTAMP WITH TIME ZONE"})
FEW = 0.01
"""Share of a sample that may be there, or not, by chance."""
BLOCK = 32
"""Columns read at a time: what is in memory is at most so many times `LIMIT` values a side."""


@dataclass(frozen=True)
class Samples:
    """Two samples of rows: tables `earlier` and `later` of positions, in the database."""

    changes: RowChanges
    compared: Compared
    sides: tuple[str, str]
    """The views the positions of `earlier` and `later` are of."""
    found: tuple[int, int]
    """Rows there were before `LIMIT` cut the samples."""
    effective: tuple[float, float]
    """How many independent rows the samples are worth."""

    @property
    def rows(self) -> tuple[int, int]:
        """Count the rows of both samples."""
        return min(self.found[0], LIMIT), min(self.found[1], LIMIT)

    def columns(self, shared: Sequence[Shared]) -> Iterator[tuple[Shared, pa.Array, pa.Array]]:
        """Read columns of both samples: numbers as floats, times as integers, the rest as text."""
        for start in range(0, len(shared), BLOCK):
            block = shared[start : start + BLOCK]
            earlier, later = (
                self._read(table, side, block)
                for table, side in zip(TABLES, self.sides, strict=True)
            )
            for place, column in enumerate(block):
                yield column, earlier.column(place), later.column(place)

    def _read(self, table: str, side: str, block: Sequence[Shared]) -> pa.Table:
        values = ", ".join(f"{_plain(each)} AS c{place}" for place, each in enumerate(block))
        return self.changes.connection.sql(
            f"SELECT {values} FROM {side} JOIN {table} ON {ROW} = {table}.position "
            f"ORDER BY {table}.position"
        ).to_arrow_table()


def comparison_of(changes: RowChanges) -> Compared | None:
    """Choose the rows to compare, or None where no row changed.

    Rows that both versions have are no two samples, so the rows added are compared with those of
    the old version, or else the rows removed with those that stayed.

    Where rows are recognised by their values alone, that may be wrong: rows added may be corrected
    ones, which are no sample, if others were removed; and where many rows are alike, a row that
    went and one that came may have been taken for one that stayed, so that those left over are the
    odd ones. Then the whole versions are compared: what both share makes the test less sharp, and
    never too rash.
    """
    added, removed = changes.count("added"), changes.count("removed")
    if changes.recognised_by == "values":
        if (added and removed) or ((added or removed) and _many_alike(changes, added + removed)):
            return "whole"
    elif not (added or removed) and changes.count("changed"):
        return "whole"
    if added:
        return "added"
    return "removed" if removed else None


def unit_column(changes: RowChanges, columns: Columns) -> Shared | None:
    """Give the column whose values tell which rows belong together, if both versions have it."""
    return changes.find(columns.group) or changes.find(columns.query)


def _many_alike(changes: RowChanges, surplus: int) -> bool:
    """Tell whether two versions without a row in common would seem to share more than a few."""
    values = ", ".join(each.value for each in changes.shared) or "NULL"
    pairs = one(
        changes.connection,
        "SELECT coalesce(sum(times * (times - 1)), 0) FROM "
        f"(SELECT count(*) AS times FROM old GROUP BY hash({values}))",
    )
    return bool(pairs[0] > FEW * surplus)


@contextmanager
def samples(changes: RowChanges, columns: Columns, compared: Compared) -> Iterator[Samples]:
    """Draw both samples: all rows to compare, or `LIMIT` a side, chosen by a hash of their place.

    So they are the same rows every time, on any number of threads.
    """
    connection = changes.connection
    sides = ("old", "old" if compared == "removed" else '"new"')
    for table, query in zip(TABLES, _positions(compared), strict=True):
        connection.execute(f"CREATE TEMP TABLE {table} AS {query}")
    found = (changes.count("earlier"), changes.count("later"))
    for table, count in zip(TABLES, found, strict=True):
        if count > LIMIT:
            # unlike DuckDB's own hash, MD5 is the same in every release
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT position FROM {table} ORDER BY "
                f"md5_number_lower(CAST(position AS VARCHAR)), position LIMIT {LIMIT}"
            )
    unit = unit_column(changes, columns)
    effective = tuple(
        _effective_size(changes, table, side, unit)
        for table, side in zip(TABLES, sides, strict=True)
    )
    try:
        yield Samples(changes, compared, sides, found, (effective[0], effective[1]))
    finally:
        connection.execute("DROP TABLE earlier; DROP TABLE later")


def _effective_size(changes: RowChanges, table: str, side: str, unit: Shared | None) -> float:
    """Count independent rows: of rows that belong together, (sum n)^2 / sum n^2 over the groups.

    As many would give the means the variance they have if all rows of a group are alike (Kish,
    Survey Sampling, 1965, chapter 5): the least that can be, whatever the rows of a group have in
    common.
    """
    if unit is None:
        return float(changes.count(table))
    found = one(
        changes.connection,
        "SELECT coalesce(sum(times) * sum(times) / sum(times * times), 0) FROM (SELECT "
        f"CAST(count(*) AS DOUBLE) AS times FROM {side} JOIN {table} "
        f"ON {ROW} = {table}.position GROUP BY {unit.value})",
    )
    return float(found[0])


def _positions(compared: Compared) -> tuple[str, str]:
    """Write the SQL of the positions on either side."""
    old = f"SELECT {ROW} AS position FROM old"
    if compared == "added":
        return old, "SELECT position FROM added"
    if compared == "removed":
        return f"{old} WHERE {ROW} NOT IN (SELECT position FROM removed)", "SELECT * FROM removed"
    return old, f'SELECT {ROW} AS position FROM "new"'


def _plain(column: Shared) -> str:
    if column.kind in NUMBERS:
        return f"CAST({column.value} AS DOUBLE)"
    if column.kind in TIMES:
        return f"epoch_us({column.value})"
    return f"CAST({column.value} AS VARCHAR)"
