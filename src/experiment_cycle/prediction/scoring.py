"""Predictions of rows, batch by batch: what is in memory is one batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from rich.console import Console
from rich.progress import track

from experiment_cycle.columns import ROW
from experiment_cycle.prediction.outputs import columns_of, written_names
from experiment_cycle.prediction.writing import write_tables
from experiment_cycle.snapshot import Snapshot, quoted
from experiment_cycle.training.known_features import KnownFeature, KnownFeatures
from experiment_cycle.training.predicting import predict_outputs
from experiment_cycle.training.records import ModelRecord

ROW_NUMBER = "row"
MEMORY_MB = 512


@dataclass(frozen=True, eq=False)
class Scorer:
    """A model and what is written of a row.

    Attributes:
        model: A fitted pipeline.
        record: What is known of it.
        known: Its columns in training.
        identifier: The column that names each row; None: its number does, counted from 0.
        query: Ranking: the column whose rows are ranked together.
        keep: Further columns of the new rows that are written.
        note: What a Parquet file says of itself.
    """

    model: Any
    record: ModelRecord
    known: KnownFeatures | None
    identifier: str | None
    query: str | None
    keep: tuple[str, ...]
    note: dict[str, Any]

    @property
    def taken(self) -> list[str]:
        """The columns of the new rows that are written, in their order."""
        named = (self.identifier, self.query, *self.keep)
        return list(dict.fromkeys(name for name in named if name is not None))

    @property
    def made(self) -> list[str]:
        """The columns that are written besides."""
        number = [] if self.identifier is not None else [ROW_NUMBER]
        return [*number, *written_names(self.record.problem)]

    def score(self, rows: Path, to: Path, batch_rows: int) -> None:
        """Predict all rows of a Parquet file.

        Args:
            rows: The new rows, checked.
            to: Written: Parquet or CSV, by its suffix.
            batch_rows: Rows that are in memory at a time.
        """
        if self.query is None:
            write_tables(self._batches(rows, batch_rows), to, self.note)
            return
        scores = to.with_name("scores.parquet")
        write_tables(self._batches(rows, batch_rows), scores, self.note)
        write_tables(_ranked(scores, self.query, batch_rows), to, self.note)

    def _batches(self, rows: Path, batch_rows: int) -> Iterator[pa.Table]:
        with pq.ParquetFile(rows) as file:
            needed = list(dict.fromkeys([*self.record.features, *self.taken]))
            console = Console(stderr=True)
            batches = track(
                file.iter_batches(batch_rows, columns=needed),
                "scoring, batches",
                total=-(-file.metadata.num_rows // batch_rows),
                console=console,
                transient=True,
                disable=not console.is_terminal,
            )
            start = 0
            for batch in batches:
                yield self._scored(pa.Table.from_batches([batch]), start)
                start += batch.num_rows
            if not start:
                empty = pa.schema([file.schema_arrow.field(name) for name in needed])
                yield self._scored(empty.empty_table(), 0)

    def _scored(self, table: pa.Table, start: int) -> pa.Table:
        features = as_trained(table, self.record.features, self.known)
        features.index = pd.RangeIndex(start, start + len(features))
        outputs = predict_outputs(self.model, features, self.record.problem)
        numbers = np.arange(start, start + table.num_rows, dtype=np.int64)
        number = {} if self.identifier is not None else {ROW_NUMBER: pa.array(numbers)}
        taken = {name: table.column(name) for name in self.taken}
        return pa.table({**number, **taken, **columns_of(outputs, self.record)})


def as_trained(
    table: pa.Table, features: tuple[str, ...], known: KnownFeatures | None
) -> pd.DataFrame:
    """Read rows as a pandas frame of the columns, and kinds of columns, that the model takes."""
    parts = {} if known is None else {part.name: part for part in known.columns}
    columns = {name: _as_trained(table.column(name), parts.get(name)) for name in features}
    return pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows))


def _as_trained(column: pa.ChunkedArray, part: KnownFeature | None) -> pd.Series:
    kind = column.type
    empty = part is not None and part.kind == "number" and pa.types.is_null(kind)
    if pa.types.is_decimal(kind) or empty:
        column = pc.cast(column, pa.float64())
    elif pa.types.is_date(kind):
        column = pc.cast(column, pa.timestamp("us"))
    elif part is not None and part.zone is not None and pa.types.is_timestamp(kind):
        column = pc.cast(column, pa.timestamp("us", part.zone))
    values: pd.Series = column.to_pandas()
    return values.astype("category") if part is not None and part.dtype == "category" else values


def _ranked(scores: Path, query: str, batch_rows: int) -> Iterator[pa.Table]:
    """Rank within queries, whose rows may lie apart; the first of equal ones comes first."""
    with Snapshot(scores).connect(memory_mb=MEMORY_MB) as connection:
        ranks = f"row_number() OVER (PARTITION BY {quoted(query)} ORDER BY score DESC, {ROW})"
        found = connection.sql(
            f"SELECT * EXCLUDE ({ROW}), CAST({ranks} AS BIGINT) AS rank FROM dataset ORDER BY {ROW}"
        ).to_arrow_reader(batch_rows)
        yield found.schema.empty_table()
        for batch in found:
            yield pa.Table.from_batches([batch])
