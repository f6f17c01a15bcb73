"""The stage as it is wired, for every problem type."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from kedro_datasets.pandas import ParquetDataset
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.evaluation.records import Fairness, IncumbentRecord, Metrics
from experiment_cycle.hypothesis import Hypothesis
from experiment_cycle.pipelines.evaluation import create_pipeline
from experiment_cycle.problem import Problem
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.records import ModelRecord, ThresholdRecord

PROBLEMS = {
    "binary": Problem(type="binary", classes=("0", "1")),
    "multiclass": Problem(type="multiclass", classes=("0", "1", "2")),
    "regression": Problem(type="regression"),
    "ranking": Problem(type="ranking"),
}
HYPOTHESIS = {
    kind: Hypothesis.model_validate(
        {
            "id": "H1",
            "statement": "It is better.",
            "expected_outcome": "Less loss.",
            "success_criteria": {
                "primary": {"metric": loss, "min_improvement": 0.0, "expected_improvement": 0.1},
                "guardrails": [],
            },
            "metrics_to_track": [],
        }
    )
    for kind, loss in {
        "binary": "log_loss",
        "multiclass": "log_loss",
        "regression": "rmse",
        "ranking": "mrr",
    }.items()
}
FIGURES = {"curve_plot", "detail_plot", "calibration_plot", "confusion_plot"}


def data(kind: str, rows: int = 240) -> tuple[pd.DataFrame, np.ndarray]:
    """Test rows, and their target as numbers."""
    generator = np.random.default_rng(5)
    test = pd.DataFrame(
        generator.normal(size=(rows, 2)), columns=["a", "b"], index=pd.RangeIndex(rows, name=ROW)
    )
    test["trip"] = np.arange(rows) // 6
    test["region"] = np.array(["north", "south"])[test["trip"] % 2]
    truth = test["a"] + generator.normal(size=rows)
    levels = {"binary": [0.0], "multiclass": [-0.5, 0.5], "ranking": [0.5, 1.5]}
    codes = truth.to_numpy() if kind == "regression" else np.digitize(truth, levels[kind])
    test["goal"] = codes.astype(str) if kind in {"binary", "multiclass"} else codes
    return test, codes


def stored(problem: str, **more: Any) -> dict[str, Any]:
    return {
        "problem": PROBLEMS[problem],
        "estimator": "linear",
        "hyperparameters": {},
        "identity": "1",
        **more,
    }


@pytest.mark.parametrize("kind", PROBLEMS)
def test_the_stage_measures_every_problem_and_all_it_keeps_can_be_stored(
    kind: str, tmp_path: Path
) -> None:
    test, codes = data(kind)
    linear = LogisticRegression if kind in {"binary", "multiclass"} else LinearRegression
    both, again, one = (
        make_pipeline(StandardScaler(), linear()).fit(test[names][rows], codes[rows])
        for names, rows in (
            (["a", "b"], slice(None)),
            (["a", "b"], slice(0, None, 2)),
            (["b"], slice(None)),
        )
    )
    chosen = ThresholdRecord(value=0.4, choose_by="fixed", detail="as told")
    own = ModelRecord(
        **stored(kind, features=("a", "b"), best_step=None),
        threshold=chosen if kind == "binary" else None,
    )
    other = IncumbentRecord(
        **stored(kind, kind="baseline", registered_model="trips"),
        threshold=0.5 if kind == "binary" else None,
    )
    catalog = DataCatalog(
        {
            name: MemoryDataset(value, copy_mode="assign")
            for name, value in {
                "challenger": both,
                "incumbent": one,
                "seed_models": [again],
                "challenger_record": own.model_dump(mode="json"),
                "incumbent_record": other.model_dump(mode="json"),
                "split_manifest": {"strategy": "random"},
                "params:hypothesis": HYPOTHESIS[kind],
                "challenger_file": tmp_path / "challenger.skops",
                "incumbent_file": tmp_path / "incumbent.skops",
                "challenger_resources": {"wall_seconds": 2.0},
                "baseline_resources": {"wall_seconds": 1.0},
                "train": test,
                "validation": test.head(60),
                "test": test,
                "fold_predictions": pd.DataFrame(),
                "cross_validated_rows": pd.DataFrame(),
                "params:columns": Columns(
                    target="goal", query="trip", sensitive=("region",), drop=("region",)
                ),
                "params:evaluation": EvaluationOptions(bootstrap_replicates=100),
                "params:training": TrainingOptions(),
                "params:seed": 42,
            }.items()
        }
    )
    kept = ParquetDataset(filepath=str(tmp_path / "failure_cases.parquet"))
    catalog["failure_cases"] = kept
    stage = create_pipeline()
    stage -= stage.only_nodes("choose_incumbent", "cross_validate")

    found = {name: out.load() for name, out in SequentialRunner().run(stage, catalog).items()}

    assert set(found) >= {"metrics", "slice_metrics", "fairness", *FIGURES}
    metrics = Metrics.model_validate_json(json.dumps(found["metrics"], allow_nan=False))
    fairness = Fairness.model_validate_json(json.dumps(found["fairness"], allow_nan=False))
    assert metrics.thresholds == (
        {"challenger": 0.4, "incumbent": 0.5} if kind == "binary" else None
    )
    assert metrics.seeds
    assert [group.level for group in fairness.columns[0].groups] == ["north", "south"]
    # a query of six rows is not cut
    assert len(kept.load()) == (48 if kind == "ranking" else 50)
    for name in ("disagreement", "label_errors", "test_drift", "failure_explanations"):
        assert json.dumps(found[name], allow_nan=False)
    assert len(found["broken_cases"])
    for name in ("edge_cases", "behaviour", "prediction_cost", "call_costs", "residuals"):
        assert json.dumps(found[name], allow_nan=False)
    for name in ("threshold_plot", "gain_plot"):
        assert bool(found[name].data) == (kind == "binary")
    for name in ("quantile_plot", "residual_plot"):
        assert bool(found[name].data) == (kind == "regression")
    assert (found["residuals"]["residuals"] is None) == (kind != "regression")
    assert (found["call_costs"]["challenger"] is None) == (kind != "binary")
    assert found["prediction_cost"]["batch_rows"] == 60
    sliced = set(found["slice_metrics"]["level"])
    assert {"north", "south"} <= sliced
    assert ("not sliced" in sliced) == (kind == "ranking")
    assert len({found[name].layout.title.text for name in FIGURES}) == 4
