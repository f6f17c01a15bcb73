"""`kedro cycle predict` with the champion of a finished project."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from tests.commands.test_cycles import copied

from experiment_cycle.datasets.skops_model import load_model

pytestmark = pytest.mark.slow

STATE = ("cycle.json", "ledger.jsonl", "openings.jsonl")


@pytest.fixture(scope="module")
def project(finished_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a champion, and new rows: without target and without what is withheld."""
    project = copied(finished_project, tmp_path_factory.mktemp("predicted") / "project")
    rows = pd.read_parquet(project / "data/01_raw/doctor_visits.parquet").head(300)
    rows = rows.drop(columns=["any_visit", "visits", "profile", "physical_limitation"])
    rows.loc[5, "lncoins"] = 99.0
    rows.to_parquet(project / "rows.parquet")
    return project


def predict(kedro: Any, project: Path, *arguments: str) -> Any:
    return kedro(project, "cycle", "predict", *arguments, "--env=test")


def state(project: Path) -> dict[str, str]:
    files = (project / "data/08_reporting" / name for name in STATE)
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in files if f.exists()}


def runs(project: Path) -> list[Any]:
    client = MlflowClient(f"sqlite:///{project}/mlflow.db")
    experiments = [each.experiment_id for each in client.search_experiments()]
    return list(client.search_runs(experiments))


@pytest.fixture(scope="module")
def predicted(project: Path, kedro: Any) -> tuple[Any, dict[str, str]]:
    """Predictions, and the state of the cycle before."""
    before = state(project)
    assert len(before) > 1
    return predict(kedro, project, "rows.parquet", "out.csv", "--keep"), before


def test_the_champion_predicts(project: Path, predicted: Any) -> None:
    done, _ = predicted
    assert done.exit_code == 0, done.output
    assert "300 rows predicted by version 1 of 'doctor-visits'" in done.output
    assert "Column 'lncoins' is outside of 0 to" in done.output
    found = pd.read_csv(project / "out.csv")
    model = load_model(project / "data/06_models/challenger.skops")
    rows = pd.read_parquet(project / "rows.parquet")
    np.testing.assert_allclose(
        found["probability_True"], model.predict_proba(rows)[:, 1], rtol=1e-12
    )
    assert list(found["row"]) == list(range(300))
    assert list(found["lncoins"]) == list(rows["lncoins"])


def test_it_is_logged_by_itself_and_is_no_part_of_a_cycle(project: Path, predicted: Any) -> None:
    _, before = predicted
    assert state(project) == before
    logged = [run for run in runs(project) if run.data.tags.get("kind") == "prediction"]
    assert len(logged) == 1
    run, record = logged[0], json.loads((project / "out.csv.json").read_text())
    assert run.info.status == "FINISHED"
    assert run.data.metrics["rows"] == 300
    assert run.data.tags["model_version"] == "1"
    assert run.data.tags["input.hash"] == record["input_hash"]
    assert run.data.tags["output.hash"] == record["output_hash"]
    assert run.data.metrics["columns_out_of_range"] == 1
    cycles = [run for run in runs(project) if "cycle_id" in run.data.tags]
    assert len(cycles) == 1
    assert record["decision_hash"]


def test_the_pipeline_does_the_same(project: Path, predicted: Any, kedro: Any) -> None:
    done = kedro(
        *(project, "run", "--pipelines=prediction", "--env=test"),
        "--params=prediction.input=rows.parquet,prediction.output=again.csv,prediction.keep=true",
    )
    assert done.exit_code == 0, done.output
    assert (project / "again.csv").read_bytes() == (project / "out.csv").read_bytes()
    assert state(project) == predicted[1]


def test_scripts_get_the_record(project: Path, predicted: Any, kedro: Any) -> None:
    done = predict(kedro, project, "rows.parquet", "json.parquet", "--json", "--version=1")
    printed = json.loads(done.output[done.output.index("{") :])
    assert printed == json.loads((project / "json.parquet.json").read_text())
