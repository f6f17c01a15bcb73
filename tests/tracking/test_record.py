"""What is in the active run is read back from the store."""

from __future__ import annotations

from pathlib import Path

import mlflow
import pytest

from experiment_cycle.errors import IntegrityError
from experiment_cycle.tracking.record import (
    name_dataset,
    read_back,
    record_tags,
    recorded_artifacts,
    recorded_tags,
)


def test_a_dataset_version_is_the_runs_input_under_our_hash(store: Path) -> None:
    version = {"backend": "dvc", "id": "abc", "pointer": "d.dvc", "content_hash": "f" * 64}
    with mlflow.start_run() as run:
        name_dataset(version)
        found = mlflow.MlflowClient().get_run(run.info.run_id).inputs.dataset_inputs
        assert [item.dataset.digest for item in found] == ["f" * 36]


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
