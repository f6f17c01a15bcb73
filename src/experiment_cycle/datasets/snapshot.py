"""A Kedro dataset that writes any table as one Parquet file, and reads it as a `Snapshot`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from experiment_cycle.datasets.parquet import keep, write_parquet
from experiment_cycle.datasets.tables import opened, stream
from experiment_cycle.errors import DataError
from experiment_cycle.snapshot import Snapshot


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
        """Write any table that `stream` can read, or keep a snapshot; a temporary one is moved.

        Raises:
            DatasetError: this is no table, Parquet has no type for one of its columns, or the
                file cannot be written.
        """
        if isinstance(data, Snapshot):
            keep(data, self._filepath)
        else:
            write_parquet(stream(opened(data)), self._filepath)

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
