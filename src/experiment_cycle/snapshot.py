"""A handle on the dataset's Parquet snapshot: the data stages query it without loading it."""

from __future__ import annotations

import json
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from experiment_cycle.columns import ROW

RESERVED = frozenset({ROW, "file_row_number"})
"""Names (in lower case) that no column may have: DuckDB and we use them to number the rows."""


def quoted(name: str) -> str:
    """Quote a column name as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True)
class Snapshot:
    """One Parquet file holding all rows of the dataset, in a fixed order.

    Nothing is read until asked for. A row is known by its position, counted from 0.
    """

    path: Path
    temporary: bool = False
    """Whether the file is nobody's yet: who keeps the snapshot may move it."""

    @contextmanager
    def connect(
        self, threads: int | None = None, memory_mb: int | None = None
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open an in-memory DuckDB whose view `dataset` is the snapshot, with column `__row__`.

        Args:
            threads: How many threads may work; default: one a core. With one, sums of floats add
                up in one order, and come out equal to the last digit.
            memory_mb: How much memory it may use (MB); what goes beyond is spilled to the disk.
                Default: four fifths of the machine's.
        """
        # what does not fit in memory would else be spilled into the current directory; two
        # databases must not share a folder, for they call their files alike
        spill = Path(tempfile.gettempdir()) / f"experiment_cycle_spill_{uuid.uuid4().hex}"
        settings: dict[str, str | bool | int | float | list[str]] = {"temp_directory": str(spill)}
        if threads is not None:
            settings["threads"] = threads
        if memory_mb is not None:
            settings["memory_limit"] = f"{memory_mb}MB"
        with duckdb.connect(":memory:", config=settings) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            # else the footer, long for a wide table, is read again for every query
            connection.execute("SET parquet_metadata_cache = true")
            self.show(connection)
            yield connection

    def show(
        self, connection: duckdb.DuckDBPyConnection, columns: Sequence[str] | None = None
    ) -> None:
        """Let the view `dataset` have only some columns, and `__row__`.

        Every query on a view costs time for each of its columns, whether it reads them or not.

        Args:
            connection: One that `connect` gave.
            columns: Their names; default: all.
        """
        names = "* EXCLUDE (file_row_number)"
        if columns is not None:
            names = ", ".join(quoted(name) for name in columns)
        # a view cannot take a bound parameter
        file = str(self.path).replace("'", "''")
        connection.execute(
            f"CREATE OR REPLACE VIEW dataset AS SELECT {names}, file_row_number AS {ROW} "
            f"FROM read_parquet('{file}', file_row_number = true)"
        )

    @cached_property
    def types(self) -> dict[str, str]:
        """Map each column to its DuckDB type, in the order of the file; reads the footer only."""
        with self.connect() as connection:
            described = connection.execute("DESCRIBE dataset").fetchall()
        return {row[0]: row[1] for row in described if row[0] != ROW}

    @cached_property
    def rows(self) -> int:
        """Count the rows; reads the footer only."""
        return int(pq.read_metadata(self.path).num_rows)

    def to_pandas(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Read all rows of some columns (default: all) into memory, indexed by `__row__`.

        Dtypes are those of the pandas frame that was saved. Data that came from elsewhere get
        pandas' usual ones. Decimal numbers become float64, for models compute with nothing else.
        """
        names = None if columns is None else list(columns)
        table = _decimals_as_floats(pq.read_table(self.path, columns=names))
        frame: pd.DataFrame = _with_levels(table).to_pandas()
        frame.index = pd.RangeIndex(len(frame), name=ROW)
        return frame


def _decimals_as_floats(table: pa.Table) -> pa.Table:
    fields = [
        field.with_type(pa.float64()) if pa.types.is_decimal(field.type) else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields, table.schema.metadata))


def _with_levels(table: pa.Table) -> pa.Table:
    """Make columns categorical again that were so in pandas and have other levels than text.

    Parquet keeps the levels of text only. Those of numbers are found in the values, and sorted.
    """
    described = json.loads((table.schema.metadata or {}).get(b"pandas", b'{"columns": []}'))
    for column in described["columns"]:
        position = table.schema.get_field_index(column["field_name"])
        if column["pandas_type"] != "categorical" or position < 0:
            continue
        values = table.column(position).combine_chunks()
        if not pa.types.is_dictionary(values.type):
            found = pc.unique(values.drop_null())
            levels = found.take(pc.array_sort_indices(found))
            codes = pc.index_in(values, levels)
            ordered = bool(column["metadata"]["ordered"])
            coded = pa.DictionaryArray.from_arrays(codes, levels, ordered=ordered)
            table = table.set_column(position, column["field_name"], coded)
    return table
