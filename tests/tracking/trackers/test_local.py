"""Plain files as a tracker."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from experiment_cycle.testing.trackers import (
    POINTS,
    RUN,
    Kept,
    MakeTracker,
    ReadBack,
    TrackerContract,
    by_name,
)
from experiment_cycle.tracking.entries import MetricPoint
from experiment_cycle.tracking.trackers.local import LocalTracker


class TestLocalTracker(TrackerContract):
    @pytest.fixture
    def make_tracker(self, tmp_path: Path) -> MakeTracker:
        return lambda: LocalTracker({"folder": str(tmp_path / "kept")}, {}, tmp_path / "own")

    @pytest.fixture
    def read_back(self, tmp_path: Path) -> ReadBack:
        return lambda: read(tmp_path / "kept" / RUN.run_id)


def read(folder: Path) -> Kept:
    def plain(name: str) -> dict[str, str]:
        return json.loads((folder / name).read_text()) if (folder / name).exists() else {}

    lines = (
        (folder / "metrics.jsonl").read_text().splitlines()
        if (folder / "metrics.jsonl").exists()
        else []
    )
    artifacts = folder / "artifacts"
    return Kept(
        parameters=plain("parameters.json"),
        metrics=by_name([MetricPoint.model_validate_json(line) for line in lines]),
        tags=plain("tags.json"),
        artifacts={
            path.relative_to(artifacts).as_posix(): path.read_bytes()
            for path in artifacts.rglob("*")
            if path.is_file()
        },
        status=plain("status.json").get("status"),  # type: ignore[arg-type]
        name=plain("run.json")["name"],
        description=plain("run.json")["description"],
    )


def test_a_line_that_a_kill_cut_off_is_not_taken_for_a_point(tmp_path: Path) -> None:
    tracker = LocalTracker({"folder": str(tmp_path)}, {}, tmp_path)
    tracker.open(RUN, resumed=False)
    tracker.log_metrics(POINTS[:1])
    metrics = tmp_path / RUN.run_id / "metrics.jsonl"
    with metrics.open("a") as file:
        file.write('{"name": "train.lo')
    tracker = LocalTracker({"folder": str(tmp_path)}, {}, tmp_path)
    tracker.open(RUN, resumed=True)
    tracker.log_metrics(POINTS)
    tracker.close("finished")
    assert read(tmp_path / RUN.run_id).metrics == by_name(POINTS)


@pytest.mark.parametrize("path", ["../out.txt", "/etc/out.txt", "a/../../../out.txt"])
def test_an_artifact_cannot_lie_outside_the_record(tmp_path: Path, path: str) -> None:
    tracker = LocalTracker({"folder": str(tmp_path / "kept")}, {}, tmp_path)
    tracker.open(RUN, resumed=False)
    file = tmp_path / "file.txt"
    file.write_text("content")
    with pytest.raises(ValueError, match="outside"):
        tracker.log_artifact(file, path)
