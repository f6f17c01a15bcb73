"""Pairs of models on one test set, and everything a comparison of them needs."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest

from experiment_cycle.columns import Columns
from experiment_cycle.decision.comparison import compare
from experiment_cycle.decision.families import TestSet
from experiment_cycle.decision.options import DecisionOptions
from experiment_cycle.decision.paired import PairedPredictions, hash_rows
from experiment_cycle.decision.records import Comparison
from experiment_cycle.evaluation.prediction_cost import PredictionCost
from experiment_cycle.hypothesis import Hypothesis


def hypothesis_of(**changes: Any) -> Hypothesis:
    """A hypothesis on ROC AUC with one guardrail on log loss."""
    plain: dict[str, Any] = {
        "id": "H1",
        "statement": "The challenger ranks better.",
        "expected_outcome": "ROC AUC rises by 0.05.",
        "success_criteria": {
            "primary": {"metric": "roc_auc", "expected_improvement": 0.05},
            "guardrails": [{"metric": "log_loss", "max_increase": 0.02}],
        },
        "metrics_to_track": ["brier", "f1"],
    }
    return Hypothesis.model_validate({**plain, **changes})


def predictions_of(
    rows: int = 2000,
    challenger: float = 1.5,
    incumbent: float = 1.0,
    group_size: int = 1,
    seed: int = 0,
    noise: float = 1.0,
) -> pd.DataFrame:
    """Two models that know a latent score, each with noise of its own; the greater gain wins."""
    generator = np.random.default_rng(seed)
    unit = np.arange(rows) // group_size
    latent = generator.normal(size=unit.max() + 1)[unit] + 0.5 * generator.normal(size=rows)
    target = (latent + generator.logistic(size=rows) > 0.0).astype(np.int8)

    def probability(gain: float) -> np.ndarray:
        score = gain * latent + noise * generator.normal(size=rows)
        return 1.0 / (1.0 + np.exp(-score / (1.0 + noise)))

    table = pd.DataFrame(
        {
            "unit": unit.astype(np.int64),
            "target": target,
            "challenger": probability(challenger),
            "incumbent": probability(incumbent),
        }
    )
    # rows of the dataset, not 0 to n - 1
    table.index = pd.Index(3 * np.arange(rows) + 5, name="__row__")
    return table


def many_classes(rows: int = 1500, classes: int = 3, gain: float = 2.0, seed: int = 0) -> Any:
    """Two models of several classes; the challenger gets more of the signal."""
    generator = np.random.default_rng(seed)
    target = generator.integers(0, classes, size=rows)
    table: dict[str, Any] = {"unit": np.arange(rows), "target": target}
    for model, own in (("challenger", gain), ("incumbent", 1.0)):
        score = own * np.eye(classes)[target] + generator.normal(size=(rows, classes))
        share = np.exp(score) / np.exp(score).sum(axis=1, keepdims=True)
        table |= {f"{model}_{code}": share[:, code] for code in range(classes)}
    return pd.DataFrame(table, index=pd.Index(3 * np.arange(rows) + 5, name="__row__"))


def numbers(rows: int = 600, noise: float = 0.8, group_size: int = 1, seed: int = 0) -> Any:
    """Two models of a skewed number; the incumbent is off by one standard deviation."""
    generator = np.random.default_rng(seed)
    unit = np.arange(rows) // group_size
    target = generator.gamma(2.0, size=rows)
    off = {
        model: scale * (generator.exponential(size=unit.max() + 1)[unit] - 1.0)
        for model, scale in (("challenger", noise), ("incumbent", 1.0))
    }
    table = {"unit": unit, "target": target, **{name: target + each for name, each in off.items()}}
    return pd.DataFrame(table, index=pd.Index(3 * np.arange(rows) + 5, name="__row__"))


def lists(
    queries: int = 120, least: int = 3, most: int = 12, gain: float = 2.0, seed: int = 0
) -> Any:
    """Two models that rank queries of different sizes, some without a relevant row."""
    generator = np.random.default_rng(seed)
    query = np.repeat(np.arange(queries), generator.integers(least, most + 1, size=queries))
    relevance = generator.binomial(2, 0.25, size=len(query)).astype(float)
    table = {
        "unit": query,
        "query": query,
        "target": relevance,
        "challenger": gain * relevance + generator.normal(size=len(query)),
        "incumbent": relevance + generator.normal(size=len(query)),
    }
    return pd.DataFrame(table, index=pd.Index(2 * np.arange(len(query)), name="__row__"))


PROBLEMS: dict[str, dict[str, Any]] = {
    "binary": {"type": "binary", "classes": [0, 1]},
    "multiclass": {"type": "multiclass", "classes": ["a", "b", "c"]},
    "regression": {"type": "regression"},
    "ranking": {"type": "ranking"},
}


@dataclass
class Case:
    """The arguments of one comparison; change what the test is about and call `compare`."""

    predictions: pd.DataFrame
    ledger: Path
    hypothesis: Hypothesis = field(default_factory=hypothesis_of)
    options: DecisionOptions = field(default_factory=lambda: DecisionOptions(registered_model="m"))
    problem: str = "binary"
    incumbent_problem: str | None = None
    thresholds: dict[str, float] = field(default_factory=dict)
    challenger: str = "a" * 64
    incumbent: str = "b" * 64
    incumbent_kind: str = "baseline"
    version: int | None = None
    rows_hash: str | None = None
    folds: pd.DataFrame = field(default_factory=pd.DataFrame)
    """With folds and no predictions of a test set, the predictions are those of the folds."""
    without_test: bool = False
    cost: PredictionCost | None = None

    @property
    def challenger_record(self) -> dict[str, Any]:
        return {
            "estimator": "lightgbm",
            "identity": self.challenger,
            "problem": PROBLEMS[self.problem],
            "features": ["x"],
            "hyperparameters": {},
            "best_step": None,
            "threshold": None
            if self.problem != "binary"
            else {
                "value": self.thresholds.get("challenger", 0.5),
                "choose_by": "fixed",
                "detail": "As configured.",
            },
        }

    @property
    def incumbent_record(self) -> dict[str, Any]:
        return {
            "kind": self.incumbent_kind,
            "identity": self.incumbent,
            "problem": PROBLEMS[self.incumbent_problem or self.problem],
            "threshold": None
            if self.problem != "binary"
            else self.thresholds.get("incumbent", 0.5),
            "estimator": "linear",
            "hyperparameters": {},
            "registered_model": "m",
            "version": self.version,
        }

    @property
    def split_manifest(self) -> dict[str, Any]:
        rows = self.predictions.index.to_numpy()
        part = {
            "rows": 0 if self.without_test else len(rows),
            "share": 0.15,
            "groups": None,
            "positive_share": 0.5,
            "rows_hash": self.rows_hash or hash_rows(rows),
        }
        return {
            "hash": "c" * 64,
            "content_hash": "d" * 64,
            "strategy": "random",
            "seed": 1,
            "requested": {"train": 0.7, "validation": 0.15, "test": 0.15},
            "parts": {"test": part},
            "guarantees": {"every_row_once": True},
            "override_reason": None,
        }

    @property
    def paired(self) -> PairedPredictions:
        return PairedPredictions.from_table(
            self.predictions, self.challenger_record, self.incumbent_record
        )

    @property
    def test_set(self) -> TestSet:
        hashed = pd.util.hash_array(self.predictions.index.to_numpy())
        keys = pd.DataFrame({"unit": hashed})
        return TestSet.of(keys, keys, Columns(target="y", identifier="id"), {})

    def compare(self) -> Comparison:
        return compare(
            self.predictions,
            self.folds,
            self.challenger_record,
            self.incumbent_record,
            self.split_manifest,
            self.hypothesis,
            self.options,
            self.test_set,
            self.ledger,
            cost=self.cost,
        )


@pytest.fixture
def record(tmp_path: Path, migrated_store: Path) -> Iterator[mlflow.ActiveRun]:
    """An active run in an MLflow store of its own."""
    shutil.copy(migrated_store, tmp_path / "mlflow.db")
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    experiment = mlflow.create_experiment("test", artifact_location=str(tmp_path / "artifacts"))
    with mlflow.start_run(experiment_id=experiment) as run:
        yield run
    mlflow.set_tracking_uri(before)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """A challenger that is clearly better than the baseline, on 2,000 rows."""
    return Case(predictions_of(), tmp_path / "ledger.jsonl")


@pytest.fixture
def make_case(tmp_path: Path) -> Callable[..., Case]:
    """Two models of any problem, with a hypothesis on one metric."""
    tables = {"multiclass": many_classes, "regression": numbers, "ranking": lists}

    def make(problem: str, metric: str, *, expected: float = 0.1, **shape: Any) -> Case:
        table = tables.get(problem, predictions_of)(**shape)
        primary = {"metric": metric, "expected_improvement": expected}
        hypothesis = hypothesis_of(success_criteria={"primary": primary}, metrics_to_track=[])
        return Case(table, tmp_path / "ledger.jsonl", hypothesis, problem=problem)

    return make


@pytest.fixture
def make_hypothesis() -> Callable[..., Hypothesis]:
    return hypothesis_of


@pytest.fixture
def make_predictions() -> Callable[..., pd.DataFrame]:
    return predictions_of


@pytest.fixture(scope="session")
def comparison_tools() -> tuple[type[Case], Callable[..., Any], Callable[..., Any]]:
    """The same for property tests, which may not have fixtures of their own for each example."""
    return Case, predictions_of, hypothesis_of
