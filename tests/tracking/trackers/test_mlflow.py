"""MLflow as a tracker."""

from __future__ import annotations

from pathlib import Path

import mlflow
import pytest

from experiment_cycle.testing.trackers import (
    RUN,
    Kept,
    MakeTracker,
    ReadBack,
    TrackerContract,
)
from experiment_cycle.tracking.contract import RunDescription
from experiment_cycle.tracking.entries import MetricPoint, Status
from experiment_cycle.tracking.trackers.mlflow import STATUS, MlflowTracker


class Attached(MlflowTracker):
    """A tracker of the run that kedro-mlflow has opened, whatever number it has."""

    run_id = ""

    def open(self, run: RunDescription, *, resumed: bool) -> str:
        return super().open(run.model_copy(update={"run_id": self.run_id}), resumed=resumed)


class TestMlflowTracker(TrackerContract):
    @pytest.fixture
    def run_id(self, store: Path) -> str:
        with mlflow.start_run(run_name=RUN.name, description=RUN.description) as run:
            return str(run.info.run_id)

    @pytest.fixture
    def make_tracker(self, store: Path, run_id: str) -> MakeTracker:
        def make() -> MlflowTracker:
            tracker = Attached({"store": mlflow.get_tracking_uri()}, {}, store)
            tracker.run_id = run_id
            return tracker

        return make

    @pytest.fixture
    def read_back(self, run_id: str) -> ReadBack:
        return lambda: read(run_id)


def read(run_id: str) -> Kept:
    client = mlflow.MlflowClient()
    run = client.get_run(run_id)
    folder = Path(run.info.artifact_uri)
    status: list[Status] = [ours for ours, theirs in STATUS.items() if theirs == run.info.status]
    return Kept(
        parameters=run.data.params,
        metrics={
            name: sorted((p.step, p.value) for p in client.get_metric_history(run_id, name))
            for name in run.data.metrics
        },
        tags={
            name: value for name, value in run.data.tags.items() if not name.startswith("mlflow.")
        },
        artifacts={
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        },
        status=status[0] if status else None,
        name=run.info.run_name,
        description=run.data.tags.get("mlflow.note.content", ""),
    )


def test_a_file_of_another_name_is_kept_under_the_name_asked_for(store: Path) -> None:
    with mlflow.start_run() as run:
        tracker = MlflowTracker({}, {}, store)
        tracker.open(RUN.model_copy(update={"run_id": run.info.run_id}), resumed=True)
        file = store / "run.log"
        file.write_text("said")
        tracker.log_artifact(file, "logs/2026.log")
        tracker.log_metrics([MetricPoint(name="a", value=1.0, milliseconds=1)])
        assert read(run.info.run_id).artifacts == {"logs/2026.log": b"said"}
        assert tracker.is_running()
