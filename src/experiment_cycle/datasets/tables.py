"""The door for data: any table the catalog can load, as one stream of Arrow record batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from experiment_cycle.errors import DataError

ALLOWED = "a pandas or Polars frame (eager or lazy), a PyArrow table or reader, a DuckDB relation"


def column_names(table: Any) -> list[str]:
    """Name the columns in their order, as they will be called in the snapshot.

    Names that are not text (a pandas frame may have numbers) become text.

    Raises:
        DataError: this is no table.
    """
    if isinstance(table, pd.DataFrame):
        return [str(name) for name in table.columns]
    if hasattr(table, "collect_schema"):  # Polars: asking a lazy frame for .columns warns
        return list(table.collect_schema().names())
    if isinstance(table, pa.Table | pa.RecordBatchReader):
        return list(table.schema.names)
    if _is_duckdb(table):
        return list(table.columns)
    if hasattr(table, "__arrow_c_stream__"):
        return list(pa.RecordBatchReader.from_stream(table).schema.names)
    raise DataError(
        f"'raw_data' loads a {type(table).__module__}.{type(table).__qualname__}, which is no "
        f"table. Allowed: {ALLOWED}. Next step: change the type of the entry 'raw_data' in "
        "conf/base/catalog_data_versioning.yml."
    )


def rereadable(table: Any) -> Any:
    """Return the table itself, or its rows in memory if they can be read only once."""
    return table.read_all() if isinstance(table, pa.RecordBatchReader) else table


def stream(table: Any, columns: Sequence[str] | None = None) -> pa.RecordBatchReader:
    """Read a table batch by batch, in the order of its rows; the index of pandas is left out.

    Args:
        table: Any table; see `ALLOWED`.
        columns: The columns to read; default: all. What is lazy computes only these.

    Raises:
        DataError: this is no table, or a column holds what Arrow has no type for, such as values
            of several kinds.
    """
    names = column_names(table) if columns is None else list(columns)
    if isinstance(table, pd.DataFrame):
        return _from_pandas(table, names)
    if isinstance(table, pa.Table):
        return _select(table.to_reader(), names)
    if _is_duckdb(table):
        # quoted, for a plain string is read as an expression
        projection = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
        table = table.project(projection)
    if hasattr(table, "collect_schema"):
        chosen = table.select(names)
        table = chosen.collect() if hasattr(chosen, "collect") else chosen
    return _select(pa.RecordBatchReader.from_stream(table), names)


def _from_pandas(frame: pd.DataFrame, names: list[str]) -> pa.RecordBatchReader:
    named = frame.set_axis([str(name) for name in frame.columns], axis="columns")
    try:
        return pa.Table.from_pandas(named, columns=names, preserve_index=False).to_reader()
    except (pa.ArrowException, TypeError, ValueError) as error:
        # Arrow puts the name of the column last
        told = " ".join(str(part) for part in error.args)
        raise DataError(
            f"A column of 'raw_data' cannot be written as Parquet: {told}. A column holds values "
            "of one kind: numbers, text, true and false, or times. Next step: convert the column, "
            "or leave it out, before the data get here."
        ) from error


def _select(reader: pa.RecordBatchReader, names: list[str]) -> pa.RecordBatchReader:
    """Keep some columns, and settle what libraries write in different ways.

    Text as Polars exports it gets a type that all of Arrow can handle. A float that is not a number
    becomes a missing value, as in pandas: Parquet's statistics leave it out of minimum and maximum,
    and DuckDB trusts them so far that it then finds no such float.
    """
    fields = [reader.schema.field(name) for name in names]
    schema = pa.schema(
        [field.with_type(_without_views(field.type)) for field in fields], reader.schema.metadata
    )

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in reader:
            settled = batch.select(names).cast(schema)
            arrays = [_nan_to_null(array) for array in settled.columns]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _nan_to_null(array: pa.Array) -> pa.Array:
    if not pa.types.is_floating(array.type):
        return array
    missing = pc.is_null(array, nan_is_null=True)
    return pc.if_else(missing, pa.scalar(None, array.type), array)


def _without_views(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_string_view(kind):
        return pa.large_string()
    if pa.types.is_binary_view(kind):
        return pa.large_binary()
    if pa.types.is_dictionary(kind):
        return pa.dictionary(kind.index_type, _without_views(kind.value_type), kind.ordered)
    return kind


def _is_duckdb(table: Any) -> bool:
    return type(table).__name__ == "DuckDBPyRelation"
