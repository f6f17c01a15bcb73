"""Trackers get later what they did not take, once."""

from __future__ import annotations

import logging
from pathlib import Path

import mlflow
import pytest

from experiment_cycle.testing.trackers import POINTS, RUN, by_name
from experiment_cycle.tracking.contract import RunDescription
from experiment_cycle.tracking.entries import MetricPoint, Metrics, Parameters, Tags
from experiment_cycle.tracking.fan_out import FanOut
from experiment_cycle.tracking.options import LocalOptions, TrackingOptions
from experiment_cycle.tracking.recorder import Recorder
from experiment_cycle.tracking.secrets import Secrets
from experiment_cycle.tracking.syncing import Synced, sync

BOTH = TrackingOptions(trackers=("mlflow", "local"), local=LocalOptions(folder="kept"))
ALONE = TrackingOptions(local=LocalOptions(folder="kept"))


@pytest.fixture
def run(store: Path) -> RunDescription:
    with mlflow.start_run() as run:
        return RUN.model_copy(update={"run_id": run.info.run_id})


def recorder(project: Path, run: RunDescription, options: TrackingOptions) -> Recorder:
    fan = FanOut(project / "journals" / run.run_id, project, options, {}, None)
    return Recorder(run, project, fan, Secrets(["planted-secret"]))


def synced(project: Path, options: TrackingOptions) -> list[Synced]:
    return list(sync(project / "journals", project, options, {}))


def in_mlflow(run: RunDescription) -> dict[str, list[tuple[int, float]]]:
    client = mlflow.MlflowClient()
    found = client.get_run(run.run_id).data
    return {
        name: sorted((p.step, p.value) for p in client.get_metric_history(run.run_id, name))
        for name in found.metrics
    }


def in_files(project: Path, run: RunDescription) -> dict[str, list[tuple[int, float]]]:
    text = (project / "kept" / run.run_id / "metrics.jsonl").read_text()
    return by_name([MetricPoint.model_validate_json(line) for line in text.splitlines()])


def test_every_tracker_gets_the_same_and_no_secret(store: Path, run: RunDescription) -> None:
    written = recorder(store, run, BOTH)
    written.record(Parameters(values={"seed": "1", "note": "has planted-secret", "api_key": "k"}))
    written.record(Metrics(points=POINTS))
    written.record(Tags(values={"decision": "iterate"}))
    assert written.end("finished") == {"local": f"kept/{run.run_id}"}
    assert in_mlflow(run) == in_files(store, run) == by_name(POINTS)
    parameters = mlflow.MlflowClient().get_run(run.run_id).data.params
    assert parameters == {"seed": "1", "note": "has ***", "api_key": "***"}
    for file in store.rglob("*"):
        assert not file.is_file() or b"planted-secret" not in file.read_bytes(), file
    assert [item.state for item in synced(store, BOTH)] == ["complete"]


def test_a_tracker_that_was_down_is_brought_up_to_date_once(
    store: Path, run: RunDescription
) -> None:
    (store / "kept").write_text("in the way")
    written = recorder(store, run, BOTH)
    written.record(Metrics(points=POINTS))
    written.end("finished")
    (behind,) = synced(store, BOTH)
    assert (behind.tracker, behind.state) == ("local", "behind")
    assert "kept" in behind.told
    (store / "kept").unlink()
    assert [item.state for item in synced(store, BOTH)] == ["brought up to date"]
    before = (store / "kept" / run.run_id / "metrics.jsonl").read_bytes()
    assert [item.state for item in synced(store, BOTH)] == ["complete"]
    assert (store / "kept" / run.run_id / "metrics.jsonl").read_bytes() == before
    assert in_files(store, run) == by_name(POINTS)


def test_mlflow_gets_what_it_did_not_take(
    store: Path,
    run: RunDescription,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    written = recorder(store, run, ALONE)
    written.record(Metrics(points=POINTS[:1]))
    database = store / "mlflow.db"
    content = database.read_bytes()
    # from here on the store cannot be read or written
    database.write_bytes(b"no database any more")
    with caplog.at_level(logging.WARNING):
        written.record(Metrics(points=POINTS[1:]))
        written.record(Tags(values={"later": "yes"}))
        file = store / "loss.json"
        file.write_text("{}")
        written.record_file(file, "training/loss.json")
    written.end("failed")
    told = [record for record in caplog.records if "takes no more" in record.getMessage()]
    assert len(told) == 1
    database.write_bytes(content)
    assert [item.state for item in synced(store, ALONE)] == ["brought up to date"]
    assert in_mlflow(run) == by_name(POINTS)
    found = mlflow.MlflowClient().get_run(run.run_id)
    assert found.data.tags["later"] == "yes"
    assert (Path(found.info.artifact_uri) / "training" / "loss.json").read_text() == "{}"
    assert found.info.status == "FAILED"
    assert synced(store, ALONE) == []


def test_a_run_that_is_being_written_is_left_alone(store: Path, run: RunDescription) -> None:
    written = recorder(store, run, BOTH)
    assert [item.state for item in synced(store, BOTH)] == ["being written"]
    written.end("finished")
    assert [item.state for item in synced(store, BOTH)] == ["complete"]


def test_a_journal_that_cannot_be_written_is_told_once_and_the_run_goes_on(
    store: Path, run: RunDescription, caplog: pytest.LogCaptureFixture
) -> None:
    (store / "journals").write_text("a file where the folder should be")
    with caplog.at_level(logging.WARNING):
        written = recorder(store, run, BOTH)
        written.record(Metrics(points=POINTS))
        written.end("finished")
    told = [record for record in caplog.records if "cannot be written" in record.getMessage()]
    assert len(told) == 1
    assert in_mlflow(run) == by_name(POINTS)
