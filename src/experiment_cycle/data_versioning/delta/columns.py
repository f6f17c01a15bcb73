"""How the columns of a snapshot are kept in a Delta table, and come back as they were."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from experiment_cycle.columns import ROW
from experiment_cycle.data_versioning.delta.types import (
    exact_type,
    fits,
    kept,
    kept_type,
    restored,
)
from experiment_cycle.errors import BackendError
from experiment_cycle.snapshot import Snapshot

BATCH_ROWS = 16_384
"""Delta's writer holds many batches at a time."""
MOST_TEXT = 1_000_000
"""How many characters the description of the columns may take in the log of the table."""


@dataclass(frozen=True)
class KeptColumns:
    """What a snapshot's columns are, and what a Delta table keeps them as.

    Delta knows fewer types than Arrow. Unsigned integers are kept as wider signed ones (of 64 bits:
    as decimal numbers), short floats as wider ones, times of day and durations as whole numbers,
    moments in microseconds, or as whole numbers where that would round one or not hold it.
    Categories are kept as their values, and their levels in the table's log.
    """

    schema: pa.Schema
    """As in the snapshot, with what pandas noted there."""
    kept: pa.Schema
    """As in the Delta table, where a column with the number of the row comes first."""
    levels: dict[str, pa.Array] = field(default_factory=dict)
    """The levels of each categorical column, in their order, with those that no row has."""

    @classmethod
    def of(cls, snapshot: Snapshot) -> KeptColumns:
        """Choose what to keep the columns of a snapshot as; reads only those that may not fit.

        Raises:
            BackendError: Delta has nothing that could hold a column.
        """
        schema = pq.read_schema(snapshot.path)
        _refuse([each for each in schema if kept_type(each.type) is None])
        seen = _Seen.of(snapshot, schema)
        fields = [pa.field(ROW, pa.int64())]
        for each in schema:
            exact = exact_type(each.type) if each.name in seen.rounded else None
            fields.append(pa.field(each.name, exact or kept_type(each.type)))
        columns = cls(schema, pa.schema(fields), seen.levels)
        if len(columns.text()) > MOST_TEXT:
            names = ", ".join(f"'{name}'" for name in seen.levels)
            raise BackendError(
                f"Delta cannot keep the columns as they are: the levels of {names} are too many to "
                f"be noted in the table's log (above {MOST_TEXT:,} characters). Nothing was "
                "written. Next step: turn categories with many levels into text before the data "
                "get here, or take another 'data_versioning.backend'."
            )
        return columns

    @classmethod
    def from_text(cls, text: str) -> KeptColumns:
        """Read what `text` wrote; without `kept`, which the table knows itself."""
        described = json.loads(text)
        schema = pa.ipc.read_schema(pa.py_buffer(_unpacked(described["schema"])))
        with pa.ipc.open_stream(_unpacked(described["levels"])) as reader:
            levels = reader.read_all()
        found = {
            name: levels.column(position).combine_chunks().flatten()
            for position, name in enumerate(levels.schema.names)
        }
        return cls(schema, pa.schema([]), found)

    def text(self) -> str:
        """Describe the columns, so that they can be restored, as text for the table's log."""
        lists = [
            pa.ListArray.from_arrays(pa.array([0, len(each)], pa.int32()), each)
            for each in self.levels.values()
        ]
        levels = pa.table(lists, names=list(self.levels))
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, levels.schema) as writer:
            writer.write_table(levels)
        return json.dumps(
            {
                "schema": _packed(self.schema.serialize().to_pybytes()),
                "levels": _packed(sink.getvalue().to_pybytes()),
            }
        )

    def read(self, snapshot: Snapshot) -> pa.RecordBatchReader:
        """Read a snapshot batch by batch, as it is kept."""

        def batches() -> Iterator[pa.RecordBatch]:
            row = 0
            with pq.ParquetFile(snapshot.path, pre_buffer=False) as file:
                for batch in file.iter_batches(batch_size=BATCH_ROWS):
                    numbers = pa.array(np.arange(row, row + len(batch), dtype=np.int64))
                    row += len(batch)
                    arrays = [
                        kept(array, each.type)
                        for array, each in zip(batch.columns, list(self.kept)[1:], strict=True)
                    ]
                    yield pa.RecordBatch.from_arrays([numbers, *arrays], schema=self.kept)

        return pa.RecordBatchReader.from_batches(self.kept, batches())

    def restored(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Turn batches of the Delta table into such as the snapshot had."""
        for batch in batches:
            arrays = [
                restored(batch.column(each.name), each.type, self.levels.get(each.name))
                for each in self.schema
            ]
            yield pa.RecordBatch.from_arrays(arrays, schema=self.schema)


@dataclass
class _Seen:
    """What only the values of a column tell: its levels, and whether it fits Delta's type."""

    levels: dict[str, pa.Array] = field(default_factory=dict)
    rounded: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, snapshot: Snapshot, schema: pa.Schema) -> _Seen:
        seen = cls()
        names = [
            each.name
            for each in schema
            if pa.types.is_dictionary(each.type) or exact_type(each.type) is not None
        ]
        if names:
            with pq.ParquetFile(snapshot.path, pre_buffer=False) as file:
                for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=names):
                    for name in names:
                        # `columns=` takes a name with a dot for a path, which may bring others
                        seen._look(name, batch.column(batch.schema.get_field_index(name)))
        return seen

    def _look(self, name: str, array: pa.Array) -> None:
        if pa.types.is_dictionary(array.type):
            known = self.levels.get(name)
            if known is None:
                self.levels[name] = array.dictionary
            elif not known.equals(array.dictionary):
                self.levels[name] = pc.unique(pa.concat_arrays([known, array.dictionary]))
        elif name not in self.rounded and not fits(array):
            self.rounded.add(name)


def _refuse(fields: list[pa.Field]) -> None:
    if fields:
        told = ", ".join(f"'{each.name}' ({each.type})" for each in fields)
        raise BackendError(
            f"Delta has no type that could keep {told}. Nothing was written. Next step: convert "
            "the column before the data get here, for instance to text or float, or take another "
            "'data_versioning.backend'."
        )


def _packed(content: bytes) -> str:
    return base64.b64encode(zlib.compress(content)).decode()


def _unpacked(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text))
