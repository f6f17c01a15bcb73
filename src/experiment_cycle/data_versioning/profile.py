"""What every column of the dataset holds, computed out of core."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

from experiment_cycle.columns import Columns
from experiment_cycle.data_versioning.column_profile import describe
from experiment_cycle.data_versioning.content_hash import content_hash
from experiment_cycle.data_versioning.records import ColumnProfile, DatasetProfile
from experiment_cycle.snapshot import Snapshot, quoted

WORKERS = 4
MEMORY_MB = 200
"""What one worker may hold; more is spilled to the disk."""


def profile(snapshot: Snapshot, columns: Columns, top_values: int) -> DatasetProfile:
    """Describe every column of a snapshot, and hash its content; see `describe`.

    Columns are described at the same time, each by a DuckDB of one thread: the result does not
    depend on how many there are.

    Args:
        snapshot: The dataset.
        columns: The roles of the columns.
        top_values: How many of the most frequent values to keep for each column.
    """
    hashed = content_hash(snapshot)

    waiting = iter(snapshot.types.items())
    found: dict[str, ColumnProfile] = {}

    def work(_: int) -> None:
        """Describe columns until none is left: a connection costs more than a narrow column."""
        with snapshot.connect(threads=1, memory_mb=MEMORY_MB) as connection:
            for name, kind in waiting:
                snapshot.show(connection, [name])
                found[name] = describe(connection, name, kind, hashed.rows, top_values)

    workers = min(WORKERS, os.cpu_count() or 1)
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, range(workers)))
    return DatasetProfile(
        content_hash=hashed,
        rows=hashed.rows,
        columns={name: found[name] for name in snapshot.types},
        target=_levels(snapshot, columns.target),
    )


def _levels(snapshot: Snapshot, target: str) -> dict[str, int]:
    """Count the rows of each target level, the most frequent first."""
    with snapshot.connect(threads=1, memory_mb=MEMORY_MB) as connection:
        # by position: a column may have the name of an alias
        return dict(
            connection.execute(
                f"SELECT CAST({quoted(target)} AS VARCHAR), count(*) FROM dataset "
                f"WHERE {quoted(target)} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1"
            ).fetchall()
        )
