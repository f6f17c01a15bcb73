"""A staged table, asked out of core: its types, and the rows that are not as they ought to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from experiment_cycle.columns import ROW
from experiment_cycle.snapshot import quoted

SHOWN = 5
"""Of so many rows a message tells."""


@dataclass(frozen=True)
class StagedTable:
    """The view `dataset` of an open connection, and the schema of its file."""

    connection: duckdb.DuckDBPyConnection
    schema: pa.Schema

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Answer a query."""
        return self.connection.execute(query).fetchall()

    def kind(self, name: str) -> pa.DataType:
        """Tell the type of a column; of a dictionary the type of its values."""
        kind = self.schema.field(name).type
        return kind.value_type if pa.types.is_dictionary(kind) else kind

    def is_number(self, name: str) -> bool:
        """Tell whether models read the column as numbers; true and false are 1 and 0."""
        kind = self.kind(name)
        tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
        return any(test(kind) for test in tests)

    def missing_told(self, name: str) -> str:
        """Count and place the rows without a value; the empty text if there are none."""
        missing, total = self.rows(
            f"SELECT count(*) - count({quoted(name)}), count(*) FROM dataset"
        )[0]
        if not missing:
            return ""
        place = self._placed(f"{quoted(name)} IS NULL", missing)
        return f"{missing:,} missing value{'s'[: missing > 1]} in {total:,} rows {place}."

    def first_told(self, condition: str) -> str:
        """Count and place the rows of which a condition holds; the empty text if of none."""
        many = self.rows(f"SELECT count(*) FROM dataset WHERE {condition}")[0][0]
        return f"{many:,} row{'s'[: many > 1]} {self._placed(condition, many)}" if many else ""

    def _placed(self, condition: str, many: int) -> str:
        found = self.rows(f"SELECT {ROW} FROM dataset WHERE {condition} ORDER BY 1 LIMIT {SHOWN}")
        first = ", ".join(f"{row}" for (row,) in found)
        return f"(counted from 0: {first}{', ...' if many > SHOWN else ''})"
