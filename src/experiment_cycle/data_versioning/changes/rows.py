"""Which rows of two versions of the dataset the other one does not have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

import duckdb

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.snapshot import Snapshot, quoted

INTEGERS = frozenset(
    f"{sign}{name}"
    for sign in ("", "U")
    for name in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
)
FLOATS = frozenset({"FLOAT", "DOUBLE"})
NUMBERS = frozenset({"integer", "float", "decimal"})
SIDES = ("old", '"new"')

HARDLY_ANY = 1_000
"""One in so many places may hold another row without a doubt that rows kept theirs."""
Recognised = Literal["identifier", "place", "values"]


@dataclass(frozen=True)
class Shared:
    """A column both versions have, with values of one kind."""

    name: str
    kind: str
    """integer, float, decimal, text, timestamp, or the type as DuckDB names it."""
    value: str
    """SQL of its values, which are of the same type in both versions."""


@dataclass(frozen=True)
class RowChanges:
    """Two versions in one database: views `old` and `new`, tables `removed` and `added`.

    The tables hold row positions. Unless rows are recognised by nothing but their values, `changed`
    holds pairs of them: a row of the old version, and the same row of the new one, changed.
    """

    connection: duckdb.DuckDBPyConnection
    old: Snapshot
    new: Snapshot
    shared: tuple[Shared, ...]
    recognised_by: Recognised

    def count(self, table: str) -> int:
        """Count the rows of `added`, `removed` or `changed`."""
        return int(one(self.connection, f"SELECT count(*) FROM {table}")[0])

    def find(self, name: str | None) -> Shared | None:
        """Give a column if both versions have it."""
        return next((each for each in self.shared if each.name == name), None)


@contextmanager
def row_changes(old: Snapshot, new: Snapshot, columns: Columns) -> Iterator[RowChanges]:
    """Find the rows that were added, removed and changed; the result is used inside the block.

    Versions are compared as multisets of rows, value by value and out of core, over the columns
    that both have: a row that occurs three times in the old version and once in the new one was
    removed twice. Missing equals missing; the width of numbers, the unit of times and categorical
    or plain text do not count. Integers, floats and decimals are compared as floats where their
    type changed; a column that changed to another kind, such as text to numbers, is left out.

    A row that changed is told from one removed and one added by the identifier, if it is declared,
    in both versions, never missing and never given twice. Else by its place, if rows kept theirs:
    at least half of the places both versions have hold equal rows, and wherever rows are looked
    for, at least half as many find no equal (far fewer would, if equal rows had met by chance); or
    all places but one in 1,000 hold equal rows. Else rows are recognised by their values alone,
    none counts as changed, and their order does not count.

    Equal rows in equal places cancel out first, in a stream. The others are grouped by all columns:
    two versions of 1 million rows x 15 columns with no row in its place take two seconds on two
    cores and 0.6 GB of memory, which is spilled to disk where there is less.

    Args:
        old: The version compared with.
        new: The version compared.
        columns: The roles of the columns; the identifier is used.
    """
    with old.connect() as connection:
        _create_views(connection, new)
        shared = _shared(old.types, new.types)
        common = min(old.rows, new.rows)
        _create_misplaced(connection, shared)
        _create_differing(connection, shared, common)
        _create_surplus(connection, "removed", "old", shared, common)
        _create_surplus(connection, "added", "new", shared, common)
        found = RowChanges(connection, old, new, shared, "values")
        key = found.find(columns.identifier)
        if key is not None and _is_key(connection, key):
            _pair_by_key(connection, key)
            found = replace(found, recognised_by="identifier")
        elif _places_are_kept(found, common):
            _pair_by_place(connection, common)
            found = replace(found, recognised_by="place")
        yield found


def one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    """Give the only row of a query."""
    return tuple(connection.execute(query).fetchall()[0])


def kind_of(type_name: str) -> str:
    """Name the kind of a DuckDB type, in which width, unit and encoding do not count."""
    if type_name in INTEGERS:
        return "integer"
    if type_name in FLOATS:
        return "float"
    if type_name.startswith("DECIMAL"):
        return "decimal"
    if type_name == "VARCHAR" or type_name.startswith("ENUM"):
        return "text"
    if type_name in {"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}:
        return "timestamp"
    return type_name


def _create_views(connection: duckdb.DuckDBPyConnection, new: Snapshot) -> None:
    file = str(new.path).replace("'", "''")
    connection.execute("CREATE VIEW old AS SELECT * FROM dataset")
    connection.execute(
        f'CREATE VIEW "new" AS SELECT * EXCLUDE (file_row_number), file_row_number AS {ROW} '
        f"FROM read_parquet('{file}', file_row_number = true)"
    )


def _shared(old: dict[str, str], new: dict[str, str]) -> tuple[Shared, ...]:
    found = []
    for name, type_name in old.items():
        kinds = {kind_of(type_name), kind_of(new.get(name, ""))}
        if kinds <= NUMBERS and (len(kinds) > 1 or kinds == {"float"}):
            found.append(Shared(name, "float", _as_float(quoted(name))))
        elif kinds == {"text"}:
            found.append(Shared(name, "text", f"CAST({quoted(name)} AS VARCHAR)"))
        elif len(kinds) == 1:
            found.append(Shared(name, kinds.pop(), quoted(name)))
    return tuple(found)


def _as_float(value: str) -> str:
    """Write numbers as floats; one that is not a number is missing."""
    number = f"CAST({value} AS DOUBLE)"
    return f"CASE WHEN NOT isnan({number}) THEN {number} END"


def _aliased(shared: tuple[Shared, ...]) -> str:
    # names of ours: a column may have the name of anything else in a query
    return (
        ", ".join(f"{each.value} AS c{place}" for place, each in enumerate(shared)) or "NULL AS c0"
    )


def _create_misplaced(connection: duckdb.DuckDBPyConnection, shared: tuple[Shared, ...]) -> None:
    """Keep the places that both versions have, and that hold different rows."""
    sides = [f"(SELECT {_aliased(shared)}, {ROW} AS position FROM {side})" for side in SIDES]
    unlike = " OR ".join(f"o.c{place} IS DISTINCT FROM n.c{place}" for place in range(len(shared)))
    connection.execute(
        f"CREATE TEMP TABLE misplaced AS SELECT o.position FROM {sides[0]} AS o POSITIONAL JOIN "
        f"{sides[1]} AS n WHERE o.position = n.position AND ({unlike or 'false'})"
    )


def _create_differing(
    connection: duckdb.DuckDBPyConnection, shared: tuple[Shared, ...], common: int
) -> None:
    """Keep each distinct row that does not occur equally often, and how often it occurs."""
    old, new = (_unmatched(side, shared, common) for side in SIDES)
    connection.execute(
        "CREATE TEMP TABLE differing AS SELECT * EXCLUDE (side, position), "
        "count(*) FILTER (side = 0) AS in_old, count(*) FILTER (side = 1) AS in_new "
        f"FROM (SELECT *, 0 AS side FROM {old} UNION ALL SELECT *, 1 FROM {new}) "
        "GROUP BY ALL HAVING in_old <> in_new"
    )


def _unmatched(side: str, shared: tuple[Shared, ...], common: int) -> str:
    """Write the SQL of the rows that have not their equal in the same place."""
    return (
        f"(SELECT {_aliased(shared)}, {ROW} AS position FROM {side} "
        f"WHERE {ROW} >= {common} OR {ROW} IN (SELECT position FROM misplaced))"
    )


def _create_surplus(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    side: str,
    shared: tuple[Shared, ...],
    common: int,
) -> None:
    """Keep the positions of the rows one side has more of; of equal rows, the last ones."""
    other = "in_new" if side == "old" else "in_old"
    same = " AND ".join(
        f"side.c{place} IS NOT DISTINCT FROM differing.c{place}" for place in range(len(shared))
    )
    connection.execute(
        f"CREATE TEMP TABLE {table} AS SELECT position FROM (SELECT position, {other} AS kept, "
        "row_number() OVER (PARTITION BY differing.rowid ORDER BY position) AS occurrence "
        f"FROM {_unmatched(side, shared, common)} AS side JOIN differing ON {same or 'true'} "
        f"WHERE in_{side} > {other}) WHERE occurrence > kept"
    )


def _is_key(connection: duckdb.DuckDBPyConnection, key: Shared) -> bool:
    return all(
        one(connection, f"SELECT count(*) = count(DISTINCT {key.value}) FROM {side}")[0]
        for side in SIDES
    )


def _pair_by_key(connection: duckdb.DuckDBPyConnection, key: Shared) -> None:
    """Pair removed and added rows of one identifier, and take them out of both tables."""
    removed, added = (
        f"(SELECT {key.value} AS name, {table}.position FROM {side} "
        f"JOIN {table} ON {ROW} = {table}.position)"
        for side, table in zip(SIDES, ("removed", "added"), strict=True)
    )
    connection.execute(
        "CREATE TEMP TABLE changed AS SELECT removed.position AS old_position, "
        f"added.position AS new_position FROM {removed} AS removed "
        f"JOIN {added} AS added ON removed.name = added.name"
    )
    for table, pair in (("removed", "old_position"), ("added", "new_position")):
        connection.execute(f"DELETE FROM {table} WHERE position IN (SELECT {pair} FROM changed)")


def _places_are_kept(changes: RowChanges, common: int) -> bool:
    misplaced = changes.count("misplaced")
    least = min(changes.count("removed"), changes.count("added"))
    hardly_any = misplaced * HARDLY_ANY <= common
    return hardly_any or (2 * misplaced <= common and misplaced <= 2 * least)


def _pair_by_place(connection: duckdb.DuckDBPyConnection, common: int) -> None:
    connection.execute(
        "CREATE TEMP TABLE changed AS SELECT position AS old_position, position AS new_position "
        "FROM misplaced"
    )
    for table, side in zip(("removed", "added"), SIDES, strict=True):
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {table} AS "
            f"SELECT {ROW} AS position FROM {side} WHERE {ROW} >= {common}"
        )
