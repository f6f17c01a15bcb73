"""Write a table as a snapshot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from experiment_cycle.datasets.snapshot import SnapshotDataset
from experiment_cycle.snapshot import Snapshot

Save = Callable[[Any], Snapshot]


@pytest.fixture(scope="session")
def save(tmp_path_factory: pytest.TempPathFactory) -> Save:
    """Save any table to a Parquet file of its own."""
    folder = tmp_path_factory.mktemp("snapshots")

    def to_snapshot(table: Any) -> Snapshot:
        dataset = SnapshotDataset(filepath=str(folder / f"{len(list(folder.iterdir()))}.parquet"))
        dataset.save(table)
        return dataset.load()

    return to_snapshot


@pytest.fixture(scope="session")
def raw_file() -> Path:
    """The example data."""
    return Path(__file__).parents[2] / "data" / "01_raw" / "doctor_visits.parquet"
