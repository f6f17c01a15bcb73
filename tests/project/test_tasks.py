"""The other two tasks, and folds in place of a test set: each a whole cycle to a decision."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import mean_absolute_error, roc_auc_score, root_mean_squared_error

from experiment_cycle.datasets.skops_model import load_model
from experiment_cycle.metrics.corrected_t import corrected_resampled_t

pytestmark = pytest.mark.slow

QUICK = (
    "tuning.method=none,training.check_saved_model=false,evaluation.bootstrap_replicates=100,"
    "training.estimators.lightgbm.n_estimators=60"
)


def read(project: Path, name: str) -> Any:
    return json.loads(next(project.glob(f"data/*/{name}")).read_text())


def predictions_of(project: Path) -> pd.DataFrame:
    return pd.read_parquet(project / "data/07_model_output/test_predictions.parquet")


def test_regression_runs_to_a_decision(project: Path, kedro: Any) -> None:
    done = kedro(project, "run", "--env=regression", f"--params={QUICK}")
    assert done.exit_code == 0, done.output

    table, metrics = predictions_of(project), read(project, "metrics.json")
    for model in ("challenger", "incumbent"):
        told = metrics[model]
        assert told["rmse"]["value"] == pytest.approx(
            root_mean_squared_error(table["target"], table[model])
        )
        assert told["mae"]["value"] == pytest.approx(
            mean_absolute_error(table["target"], table[model])
        )
    primary = read(project, "comparison.json")["primary"]
    assert primary["metric"] == "rmse"
    assert primary["units"] == table["unit"].nunique()
    assert read(project, "decision.json")["decision"] in {"promote", "iterate", "abandon"}
    raw = pd.read_parquet(project / "data/01_raw/doctor_visits.parquet").head(20)
    model = load_model(project / "data/06_models/challenger.skops")
    assert model.predict(raw).shape == (20,)
    report = (project / "data/08_reporting/report.html").read_text()
    assert "RMSE" in report
    assert "kedro run --env=regression --params=tuning.method=none," in report


def test_ranking_runs_to_a_decision_over_queries(project: Path, kedro: Any) -> None:
    done = kedro(project, "run", "--env=ranking", f"--params={QUICK}")
    assert done.exit_code == 0, done.output

    table = predictions_of(project)
    assert (table.groupby("query").size() == 4).all()
    reciprocal = {
        model: table.groupby("query").apply(
            lambda rows, model=model: (
                1 / rows[model].rank(ascending=False)[rows["target"] == 1].iloc[0]
            )
        )
        for model in ("challenger", "incumbent")
    }
    primary = read(project, "comparison.json")["primary"]
    gains = reciprocal["challenger"] - reciprocal["incumbent"]
    assert primary["effect"] == pytest.approx(gains.mean(), abs=1e-9)
    assert primary["units"] == len(gains)
    assert primary["p_value"] == pytest.approx(
        stats.ttest_1samp(gains, 0, alternative="greater").pvalue, rel=1e-6
    )
    assert read(project, "decision.json")["decision"] == "promote"


def test_without_a_test_set_folds_decide(project: Path, kedro: Any) -> None:
    asked = (
        "splitting.ratios.test=0,splitting.ratios.train=0.85,splitting.cross_validation.folds=3,"
        "splitting.cross_validation.repeats=2"
    )
    done = kedro(project, "run", "--env=test", f"--params={QUICK},{asked}")
    assert done.exit_code == 0, done.output

    folds = pd.read_parquet(project / "data/07_model_output/fold_predictions.parquet")
    places = folds.groupby(["repeat", "fold"])
    assert len(places) == 6
    assert (folds.reset_index().groupby("repeat")["__row__"].nunique() == 20190).all()
    gains = np.array(
        [
            roc_auc_score(part["target"], part["challenger"])
            - roc_auc_score(part["target"], part["incumbent"])
            for _, part in places
        ]
    )
    trained = float(places["train_rows"].first().mean())
    found = read(project, "comparison.json")
    oracle = corrected_resampled_t(gains, trained, len(folds) / 6)
    assert found["primary"]["lower"] == pytest.approx(oracle.lower(found["look"]["alpha"]))
    assert found["folds"]["decides"]
    assert len(predictions_of(project)) == found["rows"] == 20190
    gates = {gate["code"]: gate["status"] for gate in read(project, "gates.json")}
    assert gates["incumbent_unseen"] == gates["artifacts_logged"] == "passed"
    assert "There is no test set" in " ".join(read(project, "decision.json")["reasons"])
