"""What a raw table must fulfil: its names before anything is read, its values once staged."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import pyarrow.parquet as pq

from experiment_cycle.columns import Columns
from experiment_cycle.data_versioning.staged_table import StagedTable
from experiment_cycle.data_versioning.target_checks import FILE, check_target
from experiment_cycle.errors import DataError, near_misses
from experiment_cycle.problem import Task
from experiment_cycle.snapshot import RESERVED, Snapshot, quoted


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


def check_values(snapshot: Snapshot, columns: Columns, task: Task) -> None:
    """Check that target, group, query and weight column hold what their roles ask for.

    Only these columns are read, out of core.

    Args:
        snapshot: The table; its names have passed `check_names`.
        columns: The roles of the columns.
        task: What the target is to be predicted as.

    Raises:
        DataError: there are no rows; the target has missing values or cannot be predicted so (see
            `check_target`); the group or query column has missing values or one level only; a
            weight is no number from 0 on.
        ConfigurationError: the task is ranking, and no query column is declared.
    """
    if snapshot.rows == 0:
        raise DataError(
            "'raw_data' has no rows. Next step: look at the file that the entry 'raw_data' in "
            "conf/base/catalog_data_versioning.yml names."
        )
    with snapshot.connect() as connection:
        table = StagedTable(connection, pq.read_schema(snapshot.path))
        for role, name in (("group", columns.group), ("query", columns.query)):
            if name is not None:
                _check_units(table, role, name)
        check_target(table, columns, task)
        if columns.weight is not None:
            _check_weight(table, columns.weight)


def _check_units(table: StagedTable, role: str, name: str) -> None:
    """Check that every row is in a group or query, and that there are several of them."""
    where = f"The {role} column '{name}' ('columns.{role}' in {FILE})"
    missing = table.missing_told(name)
    if missing:
        raise DataError(
            f"{where} has {missing} A row of unknown {role} could land "
            f"on the wrong side. Next step: give each such row a {role} of its own, or leave it "
            "out."
        )
    first = f"(SELECT {quoted(name)} FROM dataset LIMIT 1)"
    level, single = table.rows(
        f"SELECT {first}, NOT EXISTS (FROM dataset WHERE {quoted(name)} != {first})"
    )[0]
    if single:
        raise DataError(
            f"{where} has a single {role}, {level!r}, which cannot be split. Next step: "
            "name a column with more of them, or write null if rows do not belong together."
        )


def _check_weight(table: StagedTable, name: str) -> None:
    where = f"The weight column '{name}' ('columns.weight' in {FILE})"
    if not table.is_number(name):
        raise DataError(
            f"{where} holds {table.kind(name)}. A weight is a number from 0 on. Next step: name "
            "another column, or write null."
        )
    value = f"CAST({quoted(name)} AS DOUBLE)"
    wrong = table.first_told(f"NOT coalesce(isfinite({value}) AND {value} >= 0, false)")
    if wrong:
        raise DataError(
            f"{where} is no finite number from 0 on in {wrong}. Next step: mend the weights, or "
            "leave these rows out, before the data get here."
        )
    if not table.rows(f"SELECT 1 FROM dataset WHERE {value} > 0 LIMIT 1"):
        raise DataError(
            f"{where} is 0 in every row, so that there is nothing to learn from. Next step: name "
            "another column, or write null."
        )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
