"""Writing a stream of rows as one Parquet file, and moving such a file into its place."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from experiment_cycle.errors import DataError
from experiment_cycle.replacing import replacing
from experiment_cycle.snapshot import Snapshot

ROW_GROUP_ROWS = 131_072
ROW_GROUP_CELLS = 8_000_000
"""A row group is held in memory while it is written: of a wide table it gets fewer rows."""
REPEATED = 8
"""A dictionary pays where a value occurs so many times in a row group, on average."""


def write_parquet(reader: pa.RecordBatchReader, path: Path) -> None:
    """Write all rows of a stream, in their order, to one file (zstd) that appears at once.

    The bytes depend on the rows alone, not on how the stream was cut into batches. The next row
    group is read while one is written; memory holds these two.

    Raises:
        DataError: Parquet has no type for a column, or the file cannot be written.
    """
    rows = max(1_024, min(ROW_GROUP_ROWS, ROW_GROUP_CELLS // max(1, len(reader.schema))))
    with writing(path), replacing(path) as unfinished:
        blocks = _ahead(_blocks(reader, rows))
        first = next(blocks, None)
        options = {"compression": "zstd", "use_dictionary": _repeating(first)}
        with pq.ParquetWriter(unfinished, reader.schema, **options) as writer:
            while first is not None:
                writer.write_table(first, row_group_size=rows)
                first = next(blocks, None)


def keep(snapshot: Snapshot, path: Path) -> None:
    """Put a snapshot at `path`: moved if it is temporary, else copied; it appears at once.

    Raises:
        DataError: the file cannot be written.
    """
    if path.exists() and path.samefile(snapshot.path):
        return
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if snapshot.temporary and _moved(snapshot.path, path):
            return
        with replacing(path) as unfinished:
            shutil.copyfile(snapshot.path, unfinished)
        if snapshot.temporary:
            snapshot.path.unlink()


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say of errors in the block that the file cannot be written, and where it was to lie.

    Raises:
        DataError: the disk is full, the folder is read-only, or Parquet cannot hold the table.
    """
    try:
        yield
    except pa.ArrowException as error:
        raise DataError(
            f"The table cannot be written as Parquet: {error}. Next step: convert the column, or "
            "leave it out, before the data get here."
        ) from error
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        step = "free some space there" if full else "make the folder writable"
        raise DataError(
            f"{path.name} cannot be written to the folder {path.parent}: {reason}. Nothing of it "
            f"was kept, and an older file stays as it was. Next step: {step}, or name another "
            "folder in conf/base/catalog_data_versioning.yml."
        ) from error


def _moved(source: Path, path: Path) -> bool:
    try:
        os.replace(source, path)
    except OSError as error:
        if error.errno != errno.EXDEV:  # another file system: it takes a copy
            raise
        return False
    return True


def _ahead(blocks: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Prepare the next block in a thread while the caller works on one."""
    with ThreadPoolExecutor(1, "read ahead") as pool:
        coming = pool.submit(next, blocks, None)
        while (block := coming.result()) is not None:
            coming = pool.submit(next, blocks, None)
            yield block


def _blocks(reader: pa.RecordBatchReader, rows: int) -> Iterator[pa.Table]:
    """Cut a stream into tables of `rows` rows, however it was cut before."""
    waiting: list[pa.RecordBatch] = []
    count = 0
    for batch in reader:
        rest = batch
        while count + rest.num_rows >= rows:
            head, rest = rest.slice(0, rows - count), rest.slice(rows - count)
            yield _joined([*waiting, head], reader.schema)
            waiting, count = [], 0
        if rest.num_rows:
            waiting.append(rest)
            count += rest.num_rows
    if waiting:
        yield _joined(waiting, reader.schema)


def _joined(batches: list[pa.RecordBatch], schema: pa.Schema) -> pa.Table:
    # one dictionary a block, else the bytes would tell the batches apart
    return pa.Table.from_batches(batches, schema).unify_dictionaries().combine_chunks()


def _repeating(block: pa.Table | None) -> list[str]:
    """Name the columns whose values repeat in the first row group; others take no dictionary.

    To code values that hardly repeat costs time, and mostly space as well.
    """
    if block is None:
        return []
    return [
        field.name
        for field, column in zip(block.schema, block.columns, strict=True)
        if pa.types.is_dictionary(field.type) or _distinct(column) * REPEATED <= block.num_rows
    ]


def _distinct(column: pa.ChunkedArray) -> int:
    try:
        return len(pc.unique(column))
    except pa.ArrowNotImplementedError:  # lists and the like
        return len(column)
