"""From the raw table to a snapshot that can be used: one pass over the source."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from experiment_cycle.columns import Columns
from experiment_cycle.data_versioning.checks import (
    check_names,
    check_values,
    refuse_repeated,
    renamed,
)
from experiment_cycle.datasets.csv_files import DELIMITERS, ragged_line, repeated_names
from experiment_cycle.datasets.parquet import write_parquet
from experiment_cycle.datasets.source_errors import MEND
from experiment_cycle.datasets.tables import column_names, opened, stream
from experiment_cycle.errors import DataError
from experiment_cycle.problem import Task
from experiment_cycle.snapshot import Snapshot

log = logging.getLogger(__name__)


def take_in(
    raw_data: Any, columns: Columns, staging_file: Path, task: Task = "classification"
) -> Snapshot:
    """Write a raw table to a staging file, and check that it can be used.

    The names are checked before anything is read, the values once they are staged: the source is
    read only once. If a check fails, the staging file is removed, and nothing else was touched.

    Args:
        raw_data: Any table that `stream` can read; or a kept version, which is only checked.
        columns: The roles of the columns.
        staging_file: Where to write; the folder is made as needed.
        task: What the target is to be predicted as.

    Returns:
        The snapshot, to be moved into its place.

    Raises:
        DataError: the source cannot be read, the table cannot be used with these roles, or the
            file cannot be written.
        ConfigurationError: the task asks for a column that is not declared.
    """
    kept = isinstance(raw_data, Snapshot)
    snapshot = raw_data if kept else _staged(raw_data, columns, staging_file)
    try:
        check_names(list(snapshot.types), columns)
        check_values(snapshot, columns, task)
    except BaseException:
        if snapshot.temporary:
            snapshot.path.unlink(missing_ok=True)
        raise
    return snapshot


def _staged(raw_data: Any, columns: Columns, staging_file: Path) -> Snapshot:
    table = opened(raw_data)
    names = column_names(table)
    _check_header(table, names)
    check_names(names, columns)
    write_parquet(stream(table), staging_file)
    return Snapshot(staging_file, temporary=True)


def _check_header(table: Any, names: list[str]) -> None:
    """Find out whether a library made do with a CSV file whose lines do not fit together."""
    if len(names) == 1 and any(sign in names[0] for sign in DELIMITERS):
        place = ragged_line(table)
        if place is not None:
            raise DataError(f"'raw_data' cannot be read: {place}. Next step: {MEND}")
    pairs = renamed(names)
    if pairs:
        repeated = repeated_names(table)
        refuse_repeated(first for first, _ in pairs if first in repeated)
    for first, second in pairs:
        if second.startswith(f"{first}."):
            log.warning(
                "The columns '%s' and '%s' of 'raw_data' are called as pandas calls two columns "
                "'%s'. If the file has these, rename one of them.",
                first,
                second,
                first,
            )
