"""A version that is not there, told before anything is read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient

from experiment_cycle.errors import DataError, IntegrityError
from experiment_cycle.tracking.registered_model import load_version


@pytest.fixture
def client(tmp_path: Path, migrated_store: Path) -> Iterator[MlflowClient]:
    """An empty registry of its own."""
    import shutil

    shutil.copy(migrated_store, tmp_path / "mlflow.db")
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    yield MlflowClient()
    mlflow.set_tracking_uri(before)


def told(version: int | str) -> str:
    with pytest.raises((DataError, IntegrityError)) as refused:
        load_version("people", version)
    assert "Next step:" in refused.value.message
    return refused.value.message


def test_what_is_missing_is_told(client: MlflowClient, tmp_path: Path) -> None:
    assert "has no model 'people' yet: none was promoted" in told("champion")
    client.create_registered_model("people")
    assert "has no model 'people' yet" in told(1)
    for _ in range(2):
        client.create_model_version("people", source=str(tmp_path))
    assert "No version of 'people' has the alias 'champion'" in told("champion")
    assert "(2, 1) with --version" in told("champion")
    client.set_registered_model_alias("people", "champion", "2")
    assert "no version '7'. Versions: 2, 1; aliases: champion." in told(7)
    assert "no version '7'" in told("7")
    assert "no alias 'best'. Versions: 2, 1; aliases: champion." in told("best")


def test_a_version_whose_files_are_gone_is_told(client: MlflowClient, tmp_path: Path) -> None:
    client.create_registered_model("people")
    client.create_model_version("people", source=str(tmp_path / "gone"))
    assert "Version 1 of 'people' cannot be read from the model registry" in told(1)
