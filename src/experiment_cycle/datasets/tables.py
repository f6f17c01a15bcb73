"""The door for data: any table the catalog can load, as one stream of Arrow record batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from experiment_cycle.datasets.parts import Parts
from experiment_cycle.datasets.source_errors import reading
from experiment_cycle.errors import DataError

ALLOWED = (
    "a pandas or Polars frame (eager or lazy), a PyArrow table, reader or dataset, a DuckDB "
    "relation, an ibis table, or several of these as partitions"
)
BATCH_ROWS = 65_536


def opened(raw: Any) -> Any:
    """Make a table out of what `raw_data` loads; of several files the first one is loaded.

    Raises:
        DataError: it holds no table.
    """
    if isinstance(raw, Mapping) and raw and all(map(callable, raw.values())):
        return Parts.of(raw)
    return raw


def column_names(table: Any) -> list[str]:
    """Name the columns in their order, as they will be called in the snapshot.

    Names that are not text (a pandas frame may have numbers) become text.

    Raises:
        DataError: this is no table, or what it says of itself cannot be read.
    """
    if isinstance(table, Parts):
        return column_names(table.first)
    if isinstance(table, pd.DataFrame):
        return [str(name) for name in table.columns]
    with reading(table):
        if hasattr(table, "collect_schema"):  # Polars: asking a lazy frame for .columns warns
            return list(table.collect_schema().names())
        if isinstance(table, pa.Table | pa.RecordBatchReader | ds.Dataset):
            return list(table.schema.names)
        if _is_duckdb(table) or _is_ibis(table):
            return list(table.columns)
        if hasattr(table, "__arrow_c_stream__"):
            return list(pa.RecordBatchReader.from_stream(table).schema.names)
    raise DataError(
        f"'raw_data' loads a {type(table).__module__}.{type(table).__qualname__}, which is no "
        f"table. Allowed: {ALLOWED}. Next step: change the type of the entry 'raw_data' in "
        "conf/base/catalog_data_versioning.yml."
    )


def stream(table: Any) -> pa.RecordBatchReader:
    """Read a table once, batch by batch, in the order of its rows; pandas loses its index.

    Text as Polars exports it gets a type that all of Arrow can handle. A float that is not a number
    becomes a missing value, as in pandas: Parquet's statistics leave it out of minimum and maximum,
    and DuckDB trusts them so far that it then finds no such float.

    Args:
        table: Any table; see `ALLOWED`. What is lazy is computed while it is read.

    Raises:
        DataError: this is no table, or a column holds what Arrow has no type for, such as values
            of several kinds. While the stream is read: the source is damaged.
    """
    column_names(table)
    if isinstance(table, Parts):
        return table.joined(stream)
    with reading(table):
        reader = _reader(table)
    fields = [field.with_type(_settled(field.type, table)) for field in reader.schema]
    schema = pa.schema(fields, reader.schema.metadata)

    def batches() -> Iterator[pa.RecordBatch]:
        with reading(table):
            for batch in _small(reader):
                arrays = [_nan_to_null(array) for array in batch.cast(schema).columns]
                yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _reader(table: Any) -> pa.RecordBatchReader:
    if isinstance(table, pd.DataFrame):
        return _from_pandas(table)
    if isinstance(table, pa.RecordBatchReader):
        return table
    if isinstance(table, ds.Dataset):
        return table.scanner(
            batch_size=BATCH_ROWS, batch_readahead=4, fragment_readahead=1
        ).to_reader()
    if hasattr(table, "sink_ipc") and hasattr(table, "collect_schema"):
        return _from_lazy_polars(table)
    if _is_ibis(table):
        return _from_ibis(table)
    return pa.RecordBatchReader.from_stream(table)


def _from_pandas(frame: pd.DataFrame) -> pa.RecordBatchReader:
    named = frame.set_axis([str(name) for name in frame.columns], axis="columns")
    try:
        return pa.Table.from_pandas(named, preserve_index=False).to_reader(BATCH_ROWS)
    except (pa.ArrowException, TypeError, ValueError) as error:
        # Arrow puts the name of the column last
        told = " ".join(str(part) for part in error.args)
        raise DataError(
            f"A column of 'raw_data' cannot be written as Parquet: {told}. A column holds values "
            "of one kind: numbers, text, true and false, or times. Next step: convert the column, "
            "or leave it out, before the data get here."
        ) from error


def _from_lazy_polars(frame: Any) -> pa.RecordBatchReader:
    """Compute a lazy frame once, to a file of Arrow batches in the folder for temporary files.

    `collect()` would hold all rows, and `collect_batches()` holds many where they come faster than
    they are taken: a gigabyte, if the row groups of a Parquet file are large.
    """

    def batches() -> Iterator[pa.RecordBatch]:
        with TemporaryDirectory(prefix="experiment_cycle_") as folder:
            frame.sink_ipc(f"{folder}/rows.arrow")
            with pa.OSFile(f"{folder}/rows.arrow") as file, pa.ipc.open_file(file) as rows:
                for position in range(rows.num_record_batches):
                    yield rows.get_batch(position)

    empty = frame.collect_schema().to_frame()
    return pa.RecordBatchReader.from_batches(
        pa.RecordBatchReader.from_stream(empty).schema, batches()
    )


def _from_ibis(table: Any) -> pa.RecordBatchReader:
    backend = table.get_backend()
    if backend.name != "duckdb":
        return table.to_pyarrow_batches(chunk_size=BATCH_ROWS)
    # ibis 12 reads batches by a method that DuckDB 2 no longer has, and its stream holds all rows
    backend._run_pre_execute_hooks(table)  # makes tables known that lie in memory
    return pa.RecordBatchReader.from_stream(backend.con.sql(backend.compile(table)))


def _small(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    """Cut large batches: what is converted is copied."""
    for batch in reader:
        for start in range(0, batch.num_rows, BATCH_ROWS):
            yield batch.slice(start, BATCH_ROWS)


def _nan_to_null(array: pa.Array) -> pa.Array:
    if not pa.types.is_floating(array.type):
        return array
    missing = pc.is_nan(array)
    if not pc.any(missing).as_py():
        return array
    return pc.if_else(missing, pa.scalar(None, array.type), array)


def _settled(kind: pa.DataType, table: Any) -> pa.DataType:
    """Settle what libraries write in different ways."""
    if pa.types.is_string_view(kind):
        return pa.large_string()
    if pa.types.is_binary_view(kind):
        return pa.large_binary()
    if pa.types.is_dictionary(kind):
        return pa.dictionary(kind.index_type, _settled(kind.value_type, table), kind.ordered)
    if pa.types.is_timestamp(kind) and kind.tz is not None and _is_duckdb_like(table):
        # DuckDB keeps instants only, and shows them in the time zone of the machine
        return pa.timestamp(kind.unit, "UTC")
    return kind


def _is_duckdb(table: Any) -> bool:
    return type(table).__name__ == "DuckDBPyRelation"


def _is_ibis(table: Any) -> bool:
    return hasattr(table, "get_backend") and hasattr(table, "to_pyarrow_batches")


def _is_duckdb_like(table: Any) -> bool:
    return _is_duckdb(table) or _is_ibis(table)
