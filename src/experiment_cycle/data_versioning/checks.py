"""What a raw table must fulfil: its names before anything is read, its values once staged."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.errors import DataError, near_misses
from experiment_cycle.snapshot import RESERVED, Snapshot, quoted

FILE = "conf/base/parameters_task.yml"
SHOWN = 5
CLASSES = 2


def check_names(names: list[str], columns: Columns) -> None:
    """Check that the columns of a table can play the roles they are given.

    Raises:
        DataError: names are empty, reserved, or given twice; a declared column is missing; no
            feature is left.
    """
    refuse_repeated(name for name, count in Counter(names).items() if count > 1)
    bad = [name for name in names if not name or name.lower() in RESERVED]
    if bad:
        raise DataError(
            f"'raw_data' has a column named {_listed(bad)}. A name is not empty, and not one of "
            f"{_listed(sorted(RESERVED))}, which number the rows. Next step: rename the column."
        )
    spelt = Counter(name.lower() for name in names)
    alike = [name for name in names if spelt[name.lower()] > 1]
    if alike:
        raise DataError(
            f"The columns {_listed(alike)} of 'raw_data' differ only in capital letters, which "
            "databases do not tell apart. Next step: rename all but one of them."
        )
    for name, role in columns.declared().items():
        if name not in names:
            raise DataError(
                f"There is no column '{name}' in 'raw_data', but 'columns.{role}' in {FILE} names "
                f"it. {near_misses(name, names)} Next step: correct the key or the data."
                f"{_delimiter_hint(names)}"
            )
    if not columns.features(names):
        raise DataError(
            f"No column of 'raw_data' is left for a model to read: 'columns' in {FILE} gives each "
            f"of {_listed(names)} a role that withholds it. Next step: take some out of "
            "'columns.drop'."
        )


def _delimiter_hint(names: list[str]) -> str:
    """Guess that a table of one column with such a name was read with a wrong delimiter."""
    found = next((sign for sign in (";", "\t", "|", ",") if sign in names[0]), None)
    if len(names) > 1 or found is None:
        return ""
    return (
        f" The only column has {found!r} in its name: if that is the delimiter, say so in "
        "load_args of the entry 'raw_data'."
    )


def refuse_repeated(names: Iterable[str]) -> None:
    """Refuse names of which each is given to more than one column, if there are any.

    Raises:
        DataError: there are.
    """
    twice = list(names)
    if twice:
        raise DataError(
            f"'raw_data' has more than one column named {_listed(twice)}. Next step: rename all "
            "but one of them."
        )


def renamed(names: Iterable[str]) -> list[tuple[str, str]]:
    """Find names that may have been given because a file has the first of the pair twice.

    pandas reads a second column 'a' as 'a.1', DuckDB as 'a_1', Polars as 'a_duplicated_0'.
    """
    known = set(names)
    found = ((re.sub(r"(\.|_|_duplicated_)\d+$", "", name), name) for name in names)
    return [(base, name) for base, name in found if base != name and base in known]


def check_values(snapshot: Snapshot, columns: Columns) -> None:
    """Check that target and group column of a table hold what their roles ask for.

    Only these two columns are read, out of core.

    Args:
        snapshot: The table; its names have passed `check_names`.
        columns: The roles of the columns.

    Raises:
        DataError: there are no rows; the target has missing values or not two classes;
            `columns.positive` is not among them; the group column has missing values or one group
            only.
    """
    if snapshot.rows == 0:
        raise DataError(
            "'raw_data' has no rows. Next step: look at the file that the entry 'raw_data' in "
            "conf/base/catalog_data_versioning.yml names."
        )
    with snapshot.connect() as connection:
        kind = pq.read_schema(snapshot.path).field(columns.target).type
        _check_target(connection, kind, columns)
        if columns.group is not None:
            _check_group(connection, columns.group)


def _check_target(
    connection: duckdb.DuckDBPyConnection, kind: pa.DataType, columns: Columns
) -> None:
    where = f"The target column '{columns.target}' ('columns.target' in {FILE})"
    if pa.types.is_nested(kind):
        raise DataError(
            f"{where} holds {kind}. Allowed: two levels of text, numbers, or true and "
            "false. Next step: name another column."
        )
    missing = _missing_told(connection, columns.target)
    if missing:
        raise DataError(
            f"{where} has {missing} Next step: leave these rows out, "
            "or fill in what is known, before the data get here."
        )
    value = quoted(columns.target)
    # by position: a column may have the name of an alias
    counts = connection.execute(
        f"SELECT {value}, count(*), count(*) OVER () FROM dataset GROUP BY 1 "
        f"ORDER BY 2 DESC, CAST({value} AS VARCHAR) LIMIT {SHOWN}"
    ).fetchall()
    found = counts[0][2]
    shown = ", ".join(f"{level!r} ({count:,} rows)" for level, count, _ in counts)
    if found != CLASSES:
        more = ", ..." if found > SHOWN else ""
        raise DataError(
            f"{where} has {found:,} level{'s'[: found > 1]}: {shown}{more}. This "
            "version tells two classes apart. Next step: name a column with two levels, or make "
            "one, for instance by a threshold."
        )
    if columns.positive is not None and columns.positive not in [level for level, *_ in counts]:
        raise DataError(
            f"'columns.positive' in {FILE} is {columns.positive!r}, which is not a level of the "
            f"target column '{columns.target}'. Its levels: {shown}. Next step: write one of "
            "them, in quotes if it is text, or null for the greater of the two."
        )


def _check_group(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    where = f"The group column '{name}' ('columns.group' in {FILE})"
    missing = _missing_told(connection, name)
    if missing:
        raise DataError(
            f"{where} has {missing} A row of unknown group could land "
            "on the wrong side. Next step: give each such row a group of its own, or leave it out."
        )
    first = f"(SELECT {quoted(name)} FROM dataset LIMIT 1)"
    level, single = connection.execute(
        f"SELECT {first}, NOT EXISTS (FROM dataset WHERE {quoted(name)} != {first})"
    ).fetchall()[0]
    if single:
        raise DataError(
            f"{where} has a single group, {level!r}, which cannot be split. Next step: "
            "name a column with more groups, or write null if rows do not belong together."
        )


def _missing_told(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    """Count and place the rows without a value; the empty text if there are none."""
    missing, total = connection.execute(
        f"SELECT count(*) - count({quoted(name)}), count(*) FROM dataset"
    ).fetchall()[0]
    if not missing:
        return ""
    rows = connection.execute(
        f"SELECT {ROW} FROM dataset WHERE {quoted(name)} IS NULL ORDER BY 1 LIMIT {SHOWN}"
    ).fetchall()
    first = ", ".join(f"{row}" for (row,) in rows)
    more = ", ..." if missing > SHOWN else ""
    return (
        f"{missing:,} missing value{'s'[: missing > 1]} in {total:,} rows (counted from 0: "
        f"{first}{more})."
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
