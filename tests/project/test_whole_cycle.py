"""The whole project, run once in the environment `test`: its numbers, its files, its record."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sklearn_metrics

from experiment_cycle.datasets.skops_model import load_model
from experiment_cycle.reporting.evidence import FIGURES

pytestmark = pytest.mark.slow

SCORES = {
    "roc_auc": sklearn_metrics.roc_auc_score,
    "average_precision": sklearn_metrics.average_precision_score,
    "log_loss": sklearn_metrics.log_loss,
    "brier": sklearn_metrics.brier_score_loss,
}
LABELS = {
    "accuracy": sklearn_metrics.accuracy_score,
    "precision": sklearn_metrics.precision_score,
    "recall": sklearn_metrics.recall_score,
    "f1": sklearn_metrics.f1_score,
}


def read(project: Path, name: str) -> Any:
    found = [file for file in project.glob(f"data/*/{name}") if file.is_file()]
    assert len(found) == 1, (name, found)
    return json.loads(found[0].read_text())


@pytest.fixture(scope="module")
def predictions(finished_project: Path) -> pd.DataFrame:
    return pd.read_parquet(finished_project / "data/07_model_output/test_predictions.parquet")


@pytest.mark.parametrize("model", ["challenger", "incumbent"])
def test_every_metric_is_scikit_learns_on_the_stored_predictions(
    finished_project: Path, predictions: pd.DataFrame, model: str
) -> None:
    told = read(finished_project, "metrics.json")[model]
    target, score = predictions["target"], predictions[model]

    for name, function in SCORES.items():
        assert told[name]["value"] == pytest.approx(function(target, score), abs=1e-12)
    for name, function in LABELS.items():
        expected = function(target, score >= 0.5)
        assert told[name]["value"] == pytest.approx(expected, abs=1e-12)


def test_every_interval_holds_its_estimate_and_the_bootstrap_agrees(finished_project: Path) -> None:
    metrics = read(finished_project, "metrics.json")
    for name, told in [*metrics["challenger"].items(), *metrics["incumbent"].items()]:
        assert told["lower"] < told["value"] < told["upper"], name
        width = told["upper"] - told["lower"]
        drawn = told["bootstrap_upper"] - told["bootstrap_lower"]
        assert drawn == pytest.approx(width, rel=0.5), name


def test_stored_predictions_are_the_stored_models(
    finished_project: Path, predictions: pd.DataFrame
) -> None:
    test = pd.read_parquet(finished_project / "data/05_model_input/test.parquet")
    for name in ("challenger", "incumbent"):
        model = load_model(finished_project / f"data/06_models/{name}.skops")
        score = model.predict_proba(test[list(model.feature_names_in_)])[:, 1]
        np.testing.assert_array_equal(score, predictions[name].to_numpy())


def test_no_group_is_in_two_splits_and_no_row_is_lost(finished_project: Path) -> None:
    parts = [
        pd.read_parquet(finished_project / f"data/05_model_input/{name}.parquet")
        for name in ("train", "validation", "test")
    ]
    raw = pd.read_parquet(finished_project / "data/01_raw/doctor_visits.parquet")

    assert sum(len(part) for part in parts) == len(raw)
    groups = [set(part["profile"]) for part in parts]
    assert sum(len(group) for group in groups) == len(set.union(*groups))
    whole = pd.concat(parts).sort_index()
    pd.testing.assert_frame_equal(whole.reset_index(drop=True), raw, check_dtype=False)


def test_the_decision_follows_from_verdicts_and_gates(finished_project: Path) -> None:
    comparison, gates, decision = (
        read(finished_project, f"{name}.json") for name in ("comparison", "gates", "decision")
    )
    verdicts = [comparison["primary"], *comparison["guardrails"]]
    met = all(verdict["status"] == "met" for verdict in verdicts)
    passed = all(gate["status"] == "passed" for gate in gates if gate["required"])

    assert passed, gates
    assert (decision["decision"] == "promote") == met
    assert decision["reasons"]
    assert comparison["look"]["number"] == 1


def test_the_effect_is_the_difference_of_the_two_metrics(finished_project: Path) -> None:
    primary = read(finished_project, "comparison.json")["primary"]

    assert primary["effect"] == pytest.approx(primary["challenger"] - primary["incumbent"])
    assert primary["lower"] < primary["effect"] < primary["upper"]


def test_the_report_is_one_file_that_needs_no_network(finished_project: Path) -> None:
    html = (finished_project / "data/08_reporting/report.html").read_text()
    markdown = (finished_project / "data/08_reporting/report.md").read_text()
    decision = read(finished_project, "decision.json")["decision"]

    assert not re.search(r"<(script|link|img)[^>]+(src|href)=[\"']?(https?:)?//", html)
    assert len(html) < 6_000_000
    assert decision in html.lower()
    assert decision in markdown.lower()


def test_the_plots_can_be_previewed_by_kedro_viz(finished_project: Path) -> None:
    plots = sorted((finished_project / "data/08_reporting/plots").glob("*.json"))

    assert len(plots) == len(FIGURES)
    for plot in plots:
        # arrays written as base64 are not understood by every plotly.js
        assert '"bdata"' not in plot.read_text(), plot.name


@pytest.fixture(scope="module")
def run(finished_project: Path) -> Any:
    """The one MLflow run there is."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{finished_project}/mlflow.db")
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    (found,) = client.search_runs(experiments)
    return found


class TestTheRecord:
    """One MLflow run holds it all."""

    def test_it_finished_and_names_the_hypothesis(self, run: Any) -> None:
        assert run.info.status == "FINISHED"
        assert run.data.tags["hypothesis_id"] == "H001"
        assert run.data.tags["cycle_id"] == run.info.run_id

    def test_each_parameter_is_a_column_of_its_own(self, run: Any) -> None:
        assert run.data.params["tuning.trials"] == "3"
        assert run.data.params["splitting.ratios.train"] == "0.7"
        assert run.data.params["training.estimators.lightgbm.n_estimators"] == "60"
        assert not [name for name, value in run.data.params.items() if "Options(" in value]

    def test_metrics_are_those_of_the_files(self, run: Any, finished_project: Path) -> None:
        told = read(finished_project, "metrics.json")["challenger"]["roc_auc"]

        assert run.data.metrics["challenger.roc_auc"] == told["value"]
        assert run.data.metrics["challenger.roc_auc.lower"] == told["lower"]
        assert "validation.log_loss.by_step" in run.data.metrics

    def test_the_dataset_is_its_input(self, run: Any, finished_project: Path) -> None:
        version = read(finished_project, "dataset_version.json")
        inputs = run.inputs.dataset_inputs

        assert [item.dataset.digest for item in inputs] == [version["content_hash"][:36]]

    def test_artifacts_lie_in_the_project(self, run: Any, finished_project: Path) -> None:
        folder = Path(unquote(urlparse(run.info.artifact_uri).path))
        assert folder.is_relative_to(finished_project / "mlartifacts")
        stored = {file.name for file in folder.rglob("*") if file.is_file()}
        assert {"report.html", "decision.json", "challenger.skops", "split_manifest.json"} <= stored
