"""A handle on the dataset's Parquet snapshot: the data stages query it without loading it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import pandas as pd

from experiment_cycle.columns import ROW


def quoted(name: str) -> str:
    """Quote a column name as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True)
class Snapshot:
    """One Parquet file holding all rows of the dataset, in a fixed order.

    Nothing is read until asked for. A row is known by its position, counted from 0.
    """

    path: Path

    @contextmanager
    def connect(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open an in-memory DuckDB whose view `dataset` is the snapshot, with column `__row__`."""
        with duckdb.connect(":memory:") as connection:
            # a view cannot take a bound parameter
            file = str(self.path).replace("'", "''")
            connection.execute(
                f"CREATE VIEW dataset AS SELECT * EXCLUDE (file_row_number), "
                f"file_row_number AS {ROW} FROM read_parquet('{file}', file_row_number = true)"
            )
            yield connection

    @cached_property
    def types(self) -> dict[str, str]:
        """Map each column to its DuckDB type, in the order of the file; reads the footer only."""
        with self.connect() as connection:
            described = connection.execute("DESCRIBE dataset").fetchall()
        return {row[0]: row[1] for row in described if row[0] != ROW}

    @cached_property
    def rows(self) -> int:
        """Count the rows; reads the footer only."""
        with self.connect() as connection:
            return int(connection.execute("SELECT count(*) FROM dataset").fetchall()[0][0])

    def to_pandas(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Read all rows of some columns (default: all) into memory, indexed by `__row__`."""
        names = list(self.types) if columns is None else list(columns)
        frame = pd.read_parquet(self.path, columns=names)
        frame.index = pd.RangeIndex(len(frame), name=ROW)
        return frame
