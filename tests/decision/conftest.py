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

from experiment_cycle.decision.comparison import compare
from experiment_cycle.decision.options import DecisionOptions
from experiment_cycle.decision.paired import hash_rows
from experiment_cycle.decision.records import Comparison
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


@dataclass
class Case:
    """The arguments of one comparison; change what the test is about and call `compare`."""

    predictions: pd.DataFrame
    ledger: Path
    hypothesis: Hypothesis = field(default_factory=hypothesis_of)
    options: DecisionOptions = field(default_factory=lambda: DecisionOptions(registered_model="m"))
    threshold: float = 0.5
    challenger: str = "a" * 64
    incumbent: str = "b" * 64
    incumbent_kind: str = "baseline"
    version: int | None = None
    rows_hash: str | None = None

    @property
    def challenger_record(self) -> dict[str, Any]:
        return {
            "estimator": "lightgbm",
            "identity": self.challenger,
            "features": ["x"],
            "hyperparameters": {},
            "best_round": None,
        }

    @property
    def incumbent_record(self) -> dict[str, Any]:
        return {
            "kind": self.incumbent_kind,
            "identity": self.incumbent,
            "registered_model": "m",
            "version": self.version,
        }

    @property
    def split_manifest(self) -> dict[str, Any]:
        rows = self.predictions.index.to_numpy()
        part = {
            "rows": len(rows),
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

    def compare(self) -> Comparison:
        return compare(
            self.predictions,
            self.challenger_record,
            self.incumbent_record,
            self.split_manifest,
            self.hypothesis,
            self.options,
            self.threshold,
            self.ledger,
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
def make_hypothesis() -> Callable[..., Hypothesis]:
    return hypothesis_of


@pytest.fixture
def make_predictions() -> Callable[..., pd.DataFrame]:
    return predictions_of


@pytest.fixture(scope="session")
def comparison_tools() -> tuple[type[Case], Callable[..., Any], Callable[..., Any]]:
    """The same for property tests, which may not have fixtures of their own for each example."""
    return Case, predictions_of, hypothesis_of
