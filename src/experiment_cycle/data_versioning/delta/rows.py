"""The rows of one version of a Delta table, read from its files and put in order."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from experiment_cycle.columns import ROW
from experiment_cycle.data_versioning.delta.columns import BATCH_ROWS, KeptColumns
from experiment_cycle.datasets.parquet import write_parquet
from experiment_cycle.errors import DataError

SORT_MEMORY = "500MB"
"""What is more than that is sorted on disk."""
SORT_THREADS = 2


class DamagedRowsError(Exception):
    """A file of the table cannot be read, or a row is missing or there twice."""


def damage(dataset: Any, sizes: dict[str, int]) -> str | None:
    """Tell what is wrong with the files of a version, without reading them; None if nothing is.

    Args:
        dataset: The files, as an Arrow dataset.
        sizes: How many bytes each had when it was written.
    """
    found = dataset.filesystem.get_file_info(dataset.files)
    gone = [each.path for each in found if each.type == pafs.FileType.NotFound]
    if gone:
        return f"{len(gone)} of {len(found)} files are gone, such as {gone[0]}"
    altered = [each.path for each in found if each.size != sizes.get(each.path, each.size)]
    return f"the file {altered[0]} has another size than it had" if altered else None


def write_rows(dataset: Any, columns: KeptColumns, rows: int, file: Path) -> None:
    """Write all rows to a Parquet file, in the order they were committed in; out of core.

    Args:
        dataset: The files of the table, as an Arrow dataset.
        columns: What the columns were.
        rows: How many rows there were.
        file: The file to write.

    Raises:
        DamagedRowsError: a file cannot be read, or a row is missing or there twice.
        DataError, duckdb.Error: there is no room for the file, or for what is sorted on disk.
    """
    failed: list[Exception] = []
    ordered = _ordered(_read(dataset, failed), dataset.schema)
    restored = columns.restored(_counted(ordered, rows))
    try:
        write_parquet(pa.RecordBatchReader.from_batches(columns.schema, restored), file)
    except (duckdb.Error, DataError, OSError, ValueError):
        if not failed:
            raise
    if failed:
        # what came out of the sort only says that its source failed
        raise DamagedRowsError(str(failed[0])) from failed[0]


def _read(dataset: Any, failed: list[Exception]) -> Iterator[pa.RecordBatch]:
    """Read the files one after another; why one could not be read is left in `failed`."""
    for name in dataset.files:
        try:
            with (
                dataset.filesystem.open_input_file(name) as content,
                pq.ParquetFile(content, pre_buffer=False) as file,
            ):
                for batch in file.iter_batches(batch_size=BATCH_ROWS):
                    yield batch.select(dataset.schema.names).cast(dataset.schema)
        except (pa.ArrowException, OSError, KeyError, ValueError) as error:
            failed.append(error)
            raise


def _ordered(batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Sort by the number of the row; the writer of Delta, or whoever optimises, mixes rows."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "temp_directory": str(Path(tempfile.gettempdir()) / "experiment_cycle_spill"),
        "memory_limit": SORT_MEMORY,
        "threads": SORT_THREADS,
    }
    with duckdb.connect(":memory:", config=settings) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("kept", pa.RecordBatchReader.from_batches(schema, batches))
        ordered = connection.sql(f"SELECT * FROM kept ORDER BY {ROW}")
        yield from pa.RecordBatchReader.from_stream(ordered)


def _counted(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """See that every row comes, once, and in its place."""
    row = 0
    for batch in batches:
        numbers = batch.column(batch.schema.get_field_index(ROW)).to_numpy(zero_copy_only=False)
        expected = np.arange(row, row + len(batch))
        if not np.array_equal(numbers, expected):
            raise DamagedRowsError(f"row {row} or one soon after it is missing, or there twice")
        row += len(batch)
        yield batch
    if row != rows:
        raise DamagedRowsError(f"{row:,} rows came back instead of {rows:,}")
