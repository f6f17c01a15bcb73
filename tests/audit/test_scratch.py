"""Reruns happen in a folder of their own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from experiment_cycle.audit.scratch import redirect, scratch_folder


@pytest.fixture
def study(tmp_path: Path) -> Path:
    for name in ("data/01_raw/raw.csv", "data/05_model_input/test.csv", "own/made.csv", "a.py"):
        file = tmp_path / "study" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("kept")
    (tmp_path / "study" / "mlflow.db").write_text("kept")
    return tmp_path / "study"


def test_raw_data_and_code_are_there_and_what_runs_made_is_not(study: Path) -> None:
    before, store = Path.cwd(), os.environ.get("MLFLOW_TRACKING_URI")
    with scratch_folder(study) as scratch:
        assert Path.cwd() == scratch
        assert Path("data/01_raw/raw.csv").read_text() == "kept"
        assert Path("a.py").exists()
        assert Path("data/05_model_input").is_dir()
        assert not Path("data/05_model_input/test.csv").exists()
        assert not Path("mlflow.db").exists()
        assert str(scratch) in os.environ["MLFLOW_TRACKING_URI"]
    assert Path.cwd() == before
    assert not scratch.exists()
    assert os.environ.get("MLFLOW_TRACKING_URI") == store


@pytest.mark.parametrize(
    "place",
    ["data/05_model_input/test.csv", "data/01_raw/raw.csv", "own/made.csv", "new/deep/a.csv"],
)
def test_what_is_written_stays_in_the_scratch(study: Path, place: str) -> None:
    entry = {"type": "pandas.CSVDataset", "filepath": (study / place).as_posix()}
    files = {file: file.read_text() for file in study.rglob("*") if file.is_file()}

    with scratch_folder(study) as scratch:
        moved = redirect(entry, study, scratch)
        assert moved is not None
        target = Path(moved["filepath"])
        assert target.is_relative_to(scratch)
        target.write_text("written")
        assert Path(place).read_text() == "written"

    assert {file: file.read_text() for file in study.rglob("*") if file.is_file()} == files


def test_a_recorded_dataset_becomes_the_plain_one_without_its_validator(
    study: Path, tmp_path: Path
) -> None:
    inner = {"type": "json.JSONDataset", "filepath": f"{study}/data/a.json", "validator": "x.Y"}
    entry = {
        "type": "kedro_mlflow.io.artifacts.MlflowArtifactDataset",
        "dataset": inner,
        "artifact_path": "a",
    }

    moved = redirect(entry, study, tmp_path / "scratch")

    assert moved == {
        "type": "json.JSONDataset",
        "filepath": (tmp_path / "scratch/data/a.json").as_posix(),
    }


@pytest.mark.parametrize("path", ["s3://bucket/a.parquet", "/elsewhere/a.parquet"])
def test_places_outside_of_the_project_are_not_written_to(
    path: str, study: Path, tmp_path: Path
) -> None:
    entry = {"type": "x", "filepath": path, "credentials": {"key": "secret"}}

    moved = redirect(entry, study, tmp_path / "scratch")

    assert moved is not None
    assert moved["filepath"].startswith((tmp_path / "scratch").as_posix())
    assert ("credentials" in moved) == ("://" not in path)


def test_an_entry_without_a_file_is_kept_in_memory(study: Path, tmp_path: Path) -> None:
    assert redirect({"type": "pandas.SQLTableDataset", "con": "x"}, study, tmp_path) is None
