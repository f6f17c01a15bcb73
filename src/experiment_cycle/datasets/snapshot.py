"""A Kedro dataset that writes any table as one Parquet file, and reads it as a `Snapshot`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from experiment_cycle.datasets.tables import stream
from experiment_cycle.errors import DataError
from experiment_cycle.replacing import replacing
from experiment_cycle.snapshot import Snapshot

ROW_GROUP_ROWS = 131_072
ROW_GROUP_CELLS = 8_000_000
"""A row group is held in memory while it is written: of a wide table it gets fewer rows."""


class SnapshotDataset(AbstractDataset[Any, Snapshot]):
    """One Parquet file (zstd) with all rows of a table in their order.

    The bytes depend on the table alone, not on how it was cut into batches. The file appears at
    once and whole; until then an older one stays in place.

    Args:
        filepath: The Parquet file.
        metadata: Kept as it is, for Kedro plugins.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def save(self, data: Any) -> None:
        """Write pandas, Polars, PyArrow or DuckDB data; pandas loses its index.

        Raises:
            DatasetError: this is no table, or Parquet has no type for one of its columns.
        """
        with replacing(self._filepath) as unfinished:
            _write(stream(data), unfinished)

    def load(self) -> Snapshot:
        """Give a handle on the file, after a look at its footer.

        Raises:
            DatasetError: the file is missing or damaged.
        """
        next_step = "Next step: make it with `kedro run --pipelines=data_versioning`."
        try:
            pq.read_metadata(self._filepath)
        except FileNotFoundError as error:
            raise FileNotFoundError(f"{self._filepath} does not exist. {next_step}") from error
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{self._filepath} is damaged: {error}. {next_step}") from error
        return Snapshot(self._filepath.absolute())

    def preview(self, nrows: int = 5) -> TablePreview:
        """Show the first rows in Kedro-Viz; reads no others.

        Args:
            nrows: How many rows.
        """
        file = pq.ParquetFile(self._filepath)
        first = next(file.iter_batches(batch_size=nrows), None)
        rows = [] if first is None else first.to_pylist()
        return TablePreview(
            {
                "index": list(range(len(rows))),
                "columns": file.schema_arrow.names,
                "data": [[_for_json(value) for value in row.values()] for row in rows],
            }
        )

    def _exists(self) -> bool:
        return self._filepath.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}


def _for_json(value: Any) -> Any:
    """Put into text what JSON has no word for: times, bytes, numbers that are not finite."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    finite = isinstance(value, bool | int | str) or (
        isinstance(value, float) and math.isfinite(value)
    )
    return value if finite else str(value)


def _write(reader: pa.RecordBatchReader, path: Path) -> None:
    rows = max(1_024, min(ROW_GROUP_ROWS, ROW_GROUP_CELLS // max(1, len(reader.schema))))
    try:
        with pq.ParquetWriter(path, reader.schema, compression="zstd") as writer:
            for block in _blocks(reader, rows):
                writer.write_table(block, row_group_size=rows)
    except pa.ArrowException as error:
        raise DataError(
            f"The table cannot be written as Parquet: {error}. Next step: convert the column, or "
            "leave it out, before the data get here."
        ) from error


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
