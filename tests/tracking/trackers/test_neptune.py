"""Neptune as a tracker, through its real client, which writes to files."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("neptune_scale")

from neptune_api.proto.neptune_pb.ingest.v1.common_pb2 import Run as RunMessage
from neptune_api.proto.neptune_pb.ingest.v1.common_pb2 import UpdateRunSnapshot

from experiment_cycle.testing.trackers import (
    RUN,
    Kept,
    MakeTracker,
    ReadBack,
    TrackerContract,
)
from experiment_cycle.tracking.options import NeptuneOptions
from experiment_cycle.tracking.trackers.neptune import (
    ARTIFACTS,
    DESCRIPTION,
    METRICS,
    PARAMETERS,
    STATUS,
    TAGS,
    NeptuneTracker,
)


class TestNeptuneTracker(TrackerContract):
    @pytest.fixture
    def make_tracker(self, tmp_path: Path) -> MakeTracker:
        options = NeptuneOptions().model_dump()
        return lambda: NeptuneTracker(options, {}, tmp_path / "own")

    @pytest.fixture
    def read_back(self, tmp_path: Path) -> ReadBack:
        return lambda: read(tmp_path / "own")


def read(folder: Path) -> Kept:
    kept, configs = Kept(), {}
    for database in sorted(folder.glob("*/run_operations.sqlite3"), key=_started):
        with sqlite3.connect(database) as opened:
            rows = opened.execute("select operation_type, operation from run_operations").fetchall()
            files = dict(
                opened.execute("select destination, source_path from file_upload_requests")
            )
        for kind, blob in rows:
            if kind == 1:
                kept.name = RunMessage.FromString(blob).experiment_id
                continue
            update = UpdateRunSnapshot.FromString(blob)
            for name, value in update.assign.items():
                if name.startswith(ARTIFACTS):
                    source = Path(files[value.file_ref.path])
                    kept.artifacts[name.removeprefix(ARTIFACTS)] = source.read_bytes()
                else:
                    configs[name] = value.string
            for name, value in update.append.items():
                step = update.step.whole
                kept.metrics.setdefault(name.removeprefix(METRICS), []).append(
                    (step, value.float64)
                )
    kept.metrics = {name: sorted(steps) for name, steps in kept.metrics.items()}
    kept.parameters = _under(PARAMETERS, configs)
    kept.tags = _under(TAGS, configs)
    kept.status = configs.get(STATUS)  # type: ignore[assignment]
    kept.description = configs[DESCRIPTION]
    return kept


def _started(database: Path) -> int:
    return int(database.parent.name.rpartition("_")[2])


def _under(prefix: str, configs: dict[str, Any]) -> dict[str, Any]:
    return {
        name.removeprefix(prefix): value
        for name, value in configs.items()
        if name.startswith(prefix)
    }


def test_it_writes_files_in_its_folder_and_nowhere_else(tmp_path: Path) -> None:
    tracker = NeptuneTracker(NeptuneOptions().model_dump(), {}, tmp_path / "own")
    assert tracker.open(RUN, resumed=False) == str(tmp_path / "own")
    tracker.close("finished")
    assert [path.name for path in tmp_path.iterdir()] == ["own"]
    assert not hasattr(tracker, "upload")
