"""A table that lies in several files, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from kedro.io import DatasetError

from experiment_cycle.datasets.source_errors import told
from experiment_cycle.errors import CycleError, DataError

Load = Callable[[], Any]


@dataclass(frozen=True)
class Parts:
    """Tables of one shape, in the sorted order of their names; loaded one at a time."""

    name: str
    first: Any
    rest: tuple[tuple[str, Load], ...]

    @classmethod
    def of(cls, loads: Mapping[str, Load]) -> Parts:
        """Take what a partitioned dataset loads: a function for each file.

        Raises:
            DataError: the first file cannot be read.
        """
        (name, load), *rest = sorted(loads.items())
        return cls(name, _loaded(name, load), tuple(rest))

    def joined(self, stream: Callable[[Any], pa.RecordBatchReader]) -> pa.RecordBatchReader:
        """Read all of them as one table.

        Args:
            stream: Reads one table.

        Raises:
            DataError: while the stream is read: a file cannot be read, or has other columns or
                types than the first one.
        """
        first = stream(self.first)

        def batches() -> Iterator[pa.RecordBatch]:
            yield from first
            for name, load in self.rest:
                part = stream(_loaded(name, load))
                _check_names(self.name, first.schema.names, name, part.schema.names)
                for batch in part:
                    arrays = [self._fitted(field, name, batch) for field in first.schema]
                    yield pa.RecordBatch.from_arrays(arrays, schema=first.schema)

        return pa.RecordBatchReader.from_batches(first.schema, batches())

    def _fitted(self, field: pa.Field, name: str, batch: pa.RecordBatch) -> pa.Array:
        array = batch.column(field.name)
        if array.type.equals(field.type):
            return array
        # where all values are missing, the type is a guess of the library
        if array.null_count == len(array):
            return pa.nulls(len(array), field.type)
        raise DataError(
            f"The files of 'raw_data' differ: the column '{field.name}' holds {field.type} in "
            f"'{self.name}' and {array.type} in '{name}'. Next step: set the column's type in the "
            "entry's load_args, or convert it in the pipeline data_preparation."
        )


def _loaded(name: str, load: Load) -> Any:
    try:
        return load()
    except DatasetError as error:
        cause: BaseException = error
        while cause.__cause__ is not None and not isinstance(cause, CycleError):
            cause = cause.__cause__
        raise DataError(
            f"The file '{name}' of 'raw_data' cannot be read: {told(cause)}. Next step: mend the "
            "file, or take it out of the folder."
        ) from error


def _check_names(first: str, expected: list[str], name: str, found: list[str]) -> None:
    for one, what, other, lacking in (
        (expected, first, found, name),
        (found, name, expected, first),
    ):
        alone = [column for column in one if column not in other]
        if alone:
            raise DataError(
                f"The files of 'raw_data' differ: '{what}' has a column '{alone[0]}', "
                f"'{lacking}' has none. Next step: give all files the same columns, or join them "
                "in the pipeline data_preparation."
            )
