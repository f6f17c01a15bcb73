"""The values of some columns, kept on the disk to find those that occur more than once."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

MEMORY = "512MB"
"""What DuckDB may hold of them in memory."""


@contextmanager
def kept_values(columns: Sequence[str]) -> Iterator[KeptValues]:
    """Keep values in a temporary folder, which is gone after the block."""
    with tempfile.TemporaryDirectory(prefix="experiment_cycle_") as folder:
        file = str(Path(folder) / "values.duckdb")
        with duckdb.connect(file, config={"memory_limit": MEMORY}) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            yield KeptValues(connection, columns)


class KeptValues:
    """The values of some columns of a table, fed block by block; see `kept_values`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, columns: Sequence[str]) -> None:
        self.columns = tuple(columns)
        self._connection = connection
        self._filled: set[str] = set()

    def add(self, block: pa.Table, start: int) -> None:
        """Keep the values of one block, the first row of which has the position `start`."""
        positions = pa.array(np.arange(start, start + block.num_rows))
        for name in self.columns:
            table = self._table(name)
            into = f"INSERT INTO {table}" if name in self._filled else f"CREATE TABLE {table} AS"
            rows = pa.table({"value": block.column(name), "row": positions})
            self._connection.register("block", rows)
            self._connection.execute(f"{into} SELECT * FROM block WHERE value IS NOT NULL")
            self._connection.unregister("block")
            self._filled.add(name)

    def repeated(self, column: str, shown: int) -> tuple[int, tuple[tuple[int, Any], ...]]:
        """Find the rows whose value is also that of another row; missing ones are not compared.

        Returns:
            How many there are, and position and value of the first `shown`: those of one value
            stand together, the value that occurs earliest first.
        """
        if column not in self._filled:
            return 0, ()
        table = self._table(column)
        rows = self._connection.execute(
            f"SELECT row, value, count(*) OVER () FROM {table} JOIN "
            f"(SELECT value, min(row) AS earliest FROM {table} GROUP BY value "
            f"HAVING count(*) > 1) USING (value) ORDER BY earliest, row LIMIT {shown}"
        ).fetchall()
        return (rows[0][2] if rows else 0), tuple((row, value) for row, value, _ in rows)

    def _table(self, column: str) -> str:
        return f"values_{self.columns.index(column)}"
