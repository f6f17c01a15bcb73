"""A whole cycle in the records of two trackers: the same in both, and no secret in either."""

from __future__ import annotations

import json
from pathlib import Path

import mlflow
from mlflow.tracking import MlflowClient
from tests.conftest import PLANTED

from experiment_cycle.testing.trackers import by_name
from experiment_cycle.tracking.command_record import JOURNALS
from experiment_cycle.tracking.entries import MetricPoint
from experiment_cycle.tracking.files import content_of

TRACKED = Path("data/08_reporting/tracked")


def the_run(project: Path) -> mlflow.entities.Run:
    client = MlflowClient(tracking_uri=f"sqlite:///{project}/mlflow.db")
    (run,) = client.search_runs([each.experiment_id for each in client.search_experiments()])
    return run


def test_both_trackers_have_the_same_record(finished_project: Path) -> None:
    run = the_run(finished_project)
    folder = finished_project / TRACKED / run.info.run_id
    client = MlflowClient(tracking_uri=f"sqlite:///{finished_project}/mlflow.db")
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    points = by_name([MetricPoint.model_validate_json(line) for line in lines])
    assert set(points) == set(run.data.metrics)
    for name, values in points.items():
        history = client.get_metric_history(run.info.run_id, name)
        assert sorted((p.step, p.value) for p in history) == values, name
    assert json.loads((folder / "parameters.json").read_text()) == run.data.params
    tags = json.loads((folder / "tags.json").read_text())
    assert tags.items() <= run.data.tags.items()
    assert json.loads((folder / "status.json").read_text()) == {"status": "finished"}


def test_both_trackers_have_the_same_artifacts(finished_project: Path) -> None:
    run = the_run(finished_project)
    copies = finished_project / TRACKED / run.info.run_id / "artifacts"
    kept = Path(run.info.artifact_uri.removeprefix("file:"))
    found = {path.relative_to(copies).as_posix() for path in copies.rglob("*") if path.is_file()}
    in_mlflow = {path.relative_to(kept).as_posix() for path in kept.rglob("*") if path.is_file()}
    # its copy comes back from MLflow, and from nowhere else
    assert in_mlflow - found == {"decision/ledger.jsonl"}
    assert found - in_mlflow == set()
    for path in found:
        assert content_of(copies / path) == content_of(kept / path), path


def test_steps_of_training_and_the_machine_are_recorded(finished_project: Path) -> None:
    metrics = the_run(finished_project).data.metrics
    assert any(name.endswith(".by_step") for name in metrics)
    assert "system.process_memory_mib" in metrics


def test_parameters_are_recorded_flat_and_whole(finished_project: Path) -> None:
    run = the_run(finished_project)
    assert run.data.params["decision.futility"] == "true"
    artifact = Path(run.info.artifact_uri.removeprefix("file:")) / "configuration.yml"
    assert run.data.tags["configuration_hash"] == content_of(artifact)


def test_planted_secrets_are_in_no_byte_that_was_written(finished_project: Path) -> None:
    for file in finished_project.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            for secret in PLANTED.values():
                assert secret.encode() not in content, file
    assert (finished_project / JOURNALS).is_dir()
