"""What a raw table must fulfil before anything is written or computed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from experiment_cycle.columns import Columns
from experiment_cycle.datasets.tables import column_names, stream
from experiment_cycle.errors import DataError, near_misses
from experiment_cycle.snapshot import RESERVED

FILE = "conf/base/parameters_task.yml"
SHOWN = 5
CLASSES = 2


def check_raw_data(raw: Any, columns: Columns) -> None:
    """Check that a table can be used with the roles its columns are given.

    Only the target and the group column are read, and such columns of pandas as may hold anything.

    Args:
        raw: A table that can be read again: pandas, Polars, PyArrow or DuckDB.
        columns: The roles of the columns.

    Raises:
        DataError: there are no rows; names are empty, reserved, or given twice; a declared column
            is missing; the target has missing values or not two classes; `columns.positive` is not
            among them; the group column has missing values or one group only; a column holds
            values of several kinds.
    """
    names = column_names(raw)
    _check_names(names)
    _check_declared(names, columns)
    read = list(dict.fromkeys(filter(None, (columns.target, columns.group))))
    table = stream(raw, read).read_all()
    if table.num_rows == 0:
        raise DataError(
            "'raw_data' has no rows. Next step: look at the file that the entry 'raw_data' in "
            "conf/base/catalog_data_versioning.yml names."
        )
    _check_target(_plain(table.column(columns.target)), columns)
    if columns.group is not None:
        _check_group(_plain(table.column(columns.group)), columns.group)
    if isinstance(raw, pd.DataFrame):
        _check_objects(raw)


def _check_names(names: list[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(
            f"'raw_data' has more than one column named {_listed(twice)}. Next step: rename all "
            "but one of them."
        )
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


def _check_declared(names: list[str], columns: Columns) -> None:
    for name, role in columns.declared().items():
        if name not in names:
            raise DataError(
                f"There is no column '{name}' in 'raw_data', but 'columns.{role}' in {FILE} names "
                f"it. {near_misses(name, names)} Next step: correct the key or the data."
            )
    if not columns.features(names):
        raise DataError(
            f"No column of 'raw_data' is left for a model to read: 'columns' in {FILE} gives each "
            f"of {_listed(names)} a role that withholds it. Next step: take some out of "
            "'columns.drop'."
        )


def _check_target(target: pa.ChunkedArray, columns: Columns) -> None:
    where = f"The target column '{columns.target}' ('columns.target' in {FILE})"
    if pa.types.is_nested(target.type):
        raise DataError(
            f"{where} holds {target.type}. Allowed: two levels of text, numbers, or true and "
            "false. Next step: name another column."
        )
    missing = _missing(target)
    if missing:
        raise DataError(
            f"{where} has {_missing_told(missing, len(target))} Next step: leave these rows out, "
            "or fill in what is known, before the data get here."
        )
    counts = sorted(
        ((item["values"].as_py(), item["counts"].as_py()) for item in pc.value_counts(target)),
        key=lambda pair: (-pair[1], str(pair[0])),
    )
    levels = [level for level, _ in counts]
    shown = ", ".join(f"{level!r} ({count:,} rows)" for level, count in counts[:SHOWN])
    if len(levels) != CLASSES:
        more = ", ..." if len(levels) > SHOWN else ""
        raise DataError(
            f"{where} has {len(levels):,} level{'s'[: len(levels) > 1]}: {shown}{more}. This "
            "version tells two classes apart. Next step: name a column with two levels, or make "
            "one, for instance by a threshold."
        )
    if columns.positive is not None and columns.positive not in levels:
        raise DataError(
            f"'columns.positive' in {FILE} is {columns.positive!r}, which is not a level of the "
            f"target column '{columns.target}'. Its levels: {shown}. Next step: write one of "
            "them, in quotes if it is text, or null for the greater of the two."
        )


def _check_group(group: pa.ChunkedArray, name: str) -> None:
    where = f"The group column '{name}' ('columns.group' in {FILE})"
    missing = _missing(group)
    if missing:
        raise DataError(
            f"{where} has {_missing_told(missing, len(group))} A row of unknown group could land "
            "on the wrong side. Next step: give each such row a group of its own, or leave it out."
        )
    found = pc.unique(group)
    if len(found) == 1:
        raise DataError(
            f"{where} has a single group, {found[0].as_py()!r}, which cannot be split. Next step: "
            "name a column with more groups, or write null if rows do not belong together."
        )


def _check_objects(frame: pd.DataFrame) -> None:
    """Find now what could not be written later: such columns may hold values of several kinds."""
    for position, dtype in enumerate(frame.dtypes):
        if pd.api.types.is_object_dtype(dtype):
            stream(frame.iloc[:, [position]])


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Replace the codes of a categorical column by its values."""
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    return column


def _missing(column: pa.ChunkedArray) -> list[int]:
    """Find the rows without a value; a float that is not a number counts as missing."""
    found: list[int] = pc.indices_nonzero(pc.is_null(column, nan_is_null=True)).to_pylist()
    return found


def _missing_told(rows: list[int], total: int) -> str:
    first = ", ".join(f"{row}" for row in rows[:SHOWN])
    more = ", ..." if len(rows) > SHOWN else ""
    return (
        f"{len(rows):,} missing value{'s'[: len(rows) > 1]} in {total:,} rows (counted from 0: "
        f"{first}{more})."
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
