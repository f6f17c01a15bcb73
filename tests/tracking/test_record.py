"""What is written to the active run is there when it is read back from the store."""

from __future__ import annotations

import json
from pathlib import Path

import mlflow
import pytest

from experiment_cycle.errors import IntegrityError
from experiment_cycle.tracking.record import (
    flatten,
    read_back,
    record_dataset_version,
    record_history,
    record_metrics,
    record_parameters,
    record_tags,
    record_validation,
    recorded_artifacts,
    recorded_tags,
)


def run_data(run: mlflow.ActiveRun) -> mlflow.entities.RunData:
    return mlflow.MlflowClient().get_run(run.info.run_id).data


def test_parameters_are_one_column_each_and_whole_as_one_file(store: Path) -> None:
    parameters = {"seed": 1, "columns": {"drop": ["a"], "group": None}, "empty": {}}
    with mlflow.start_run() as run:
        record_parameters(parameters)
        assert run_data(run).params == {
            "seed": "1",
            "columns.drop": '["a"]',
            "columns.group": "null",
            "empty": "{}",
        }
        assert json.loads(read_back("configuration.json")) == parameters


def test_more_parameters_than_a_batch_holds_and_a_value_too_long_for_mlflow(store: Path) -> None:
    parameters: dict[str, object] = {f"p{i}": i for i in range(250)}
    parameters["long"] = "x" * 7000
    with mlflow.start_run() as run:
        record_parameters(parameters)
        found = run_data(run).params
        assert len(found) == 251
        assert len(found["long"]) <= 6000
        assert found["long"].endswith("configuration.json)")
        assert json.loads(read_back("configuration.json"))["long"] == "x" * 7000


def test_only_finite_numbers_are_metrics(store: Path) -> None:
    tree = {
        "challenger": {"roc_auc": {"value": 0.7, "lower": None, "note": "n"}},
        "identical": True,
        "rows": 10,
        "gap": float("nan"),
    }
    with mlflow.start_run() as run:
        record_metrics(tree, prefix="m")
        assert run_data(run).metrics == {"m.challenger.roc_auc": 0.7, "m.rows": 10.0}


def test_curves_have_the_round_or_epoch_as_step(store: Path) -> None:
    history = {
        "train": {"log_loss": [0.6, 0.5, 0.4]},
        "validation": {"log_loss": [0.7, 0.65, float("nan")]},
    }
    with mlflow.start_run() as run:
        record_history(history)
        found = mlflow.MlflowClient().get_metric_history(
            run.info.run_id, "validation.log_loss.by_step"
        )
        assert [(point.step, point.value) for point in found] == [(1, 0.7), (2, 0.65)]


def test_metrics_on_validation_are_recorded_with_their_spread_over_seeds(store: Path) -> None:
    spread = {"metric": "roc_auc", "values": [0.7, 0.6], "mean": 0.65, "worst": 0.6}
    report = {
        "rows": 9,
        "metrics": {"roc_auc": 0.7, "precision": None},
        "confusion": [[1, 2], [3, 4]],
        "seeds": [spread | {"standard_deviation": 0.07}],
    }
    with mlflow.start_run() as run:
        record_validation(report)
        assert run_data(run).metrics == {
            "validation.roc_auc": 0.7,
            "validation.roc_auc.seeds.mean": 0.65,
            "validation.roc_auc.seeds.standard_deviation": 0.07,
            "validation.roc_auc.seeds.worst": 0.6,
        }


def test_a_dataset_version_is_the_runs_input_under_our_hash(store: Path) -> None:
    version = {"backend": "dvc", "id": "abc", "pointer": "d.dvc", "content_hash": "f" * 64}
    with mlflow.start_run() as run:
        record_dataset_version(version)
        found = mlflow.MlflowClient().get_run(run.info.run_id).inputs.dataset_inputs
        assert [item.dataset.digest for item in found] == ["f" * 36]
        assert recorded_tags()["dataset.content_hash"] == "f" * 64


def test_tags_leave_out_what_is_not_known(store: Path) -> None:
    with mlflow.start_run():
        record_tags({"a": "x", "b": None, "c": 3})
        found = recorded_tags()
        assert (found["a"], found["c"]) == ("x", "3")
        assert "b" not in found


def test_artifacts_are_named_with_their_folder_and_read_back(store: Path) -> None:
    with mlflow.start_run():
        mlflow.log_text("hello", "deep/er/note.txt")
        mlflow.log_text("top", "top.txt")
        assert recorded_artifacts() == {"deep/er/note.txt", "top.txt"}
        assert read_back("deep/er/note.txt") == b"hello"
        with pytest.raises(IntegrityError, match="no/such"):
            read_back("no/such.txt")


def test_without_a_run_nothing_is_recorded_and_nothing_read(store: Path) -> None:
    assert recorded_artifacts() == set()
    assert recorded_tags() == {}
    with pytest.raises(IntegrityError, match="no MLflow run"):
        record_tags({"a": "x"})


def test_flatten_keeps_empty_blocks_and_lists_as_leaves() -> None:
    assert dict(flatten({"a": {"b": [1, {"c": 2}]}, "d": {}})) == {"a.b": [1, {"c": 2}], "d": {}}
