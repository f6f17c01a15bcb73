"""Models of every problem type, trained for real on columns of every kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.columns import Columns
from experiment_cycle.prediction.options import PredictionOptions
from experiment_cycle.prediction.predict import Order
from experiment_cycle.tracking.registered_model import RegisteredModel
from experiment_cycle.training.known_features import KnownFeatures, describe_known
from experiment_cycle.training.logical_run import run_plan
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.plan import Plan
from experiment_cycle.training.records import ModelRecord
from experiment_cycle.training.stored_fit import StoredFit

ROWS = 400
TASKS = {
    "binary": "classification",
    "multiclass": "classification",
    "regression": "regression",
    "ranking": "ranking",
}


def table(rows: int, seed: int = 0) -> pd.DataFrame:
    """Make rows of people, whose target depends on every kind of column."""
    rng = np.random.default_rng(seed)
    amount = rng.normal(size=rows).round(3)
    level = rng.integers(0, 3, size=rows)
    day = rng.integers(0, 300, size=rows)
    frame = pd.DataFrame(
        {
            "person": [f"{place:05d}" for place in range(rows)],
            "query": np.arange(rows) // 5,
            "amount": np.where(rng.random(rows) < 0.1, np.nan, amount),
            "count": rng.integers(0, 9, size=rows),
            "member": rng.random(rows) < 0.4,
            "town": np.array(["ash", "birch", "cedar"])[level],
            "grade": pd.Categorical(rng.integers(1, 4, size=rows)),
            "since": pd.Timestamp("2024-01-01") + pd.to_timedelta(day, unit="D"),
            "seen": pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(day, unit="h"),
        }
    )
    signal = np.nan_to_num(frame["amount"]) + level + day / 100
    frame["binary"] = np.where(signal > 2.5, "yes", "no")
    frame["multiclass"] = np.digitize(signal, [1.5, 3.0])
    frame["regression"] = signal + rng.normal(scale=0.1, size=rows)
    frame["ranking"] = (signal > 2.5).astype(int)
    return frame


@dataclass(frozen=True, eq=False)
class Trained:
    """A model, and what is known of it."""

    model: Any
    record: ModelRecord
    known: KnownFeatures
    columns: Columns

    def order(self, rows: Any, columns: Columns | None = None, **options: Any) -> Order:
        """Order the prediction of rows."""
        registered = RegisteredModel("people", 3, "", self.model, self.record.model_dump(), {})
        asked = PredictionOptions(**options)
        return Order(rows, registered, self.known, columns or self.columns, asked)


def train(problem: str, estimator: str = "lightgbm", frame: pd.DataFrame | None = None) -> Trained:
    """Train a small model."""
    frame = table(ROWS) if frame is None else frame
    columns = Columns(
        target=problem,
        identifier="person",
        query="query",
        drop=tuple(name for name in TASKS if name != problem),
    )
    options = TrainingOptions()
    fitted = options.hyperparameters(estimator)
    if estimator == "lightgbm":
        fitted["n_estimators"] = 15
    half = ROWS // 2
    plan = Plan(estimator, fitted, frame[:half], frame[half:], columns, options, TASKS[problem], 0)
    run = run_plan(plan)
    known = describe_known(plan.train, columns)
    return Trained(run.models[0], StoredFit.of(plan, run).record, known, columns)


@pytest.fixture(scope="session")
def trained() -> Callable[..., Trained]:
    """Train each model once."""
    kept: dict[tuple[str, str], Trained] = {}

    def give(problem: str, estimator: str = "lightgbm") -> Trained:
        if (problem, estimator) not in kept:
            kept[problem, estimator] = train(problem, estimator)
        return kept[problem, estimator]

    return give


@pytest.fixture
def new_rows() -> pd.DataFrame:
    """Rows as they come: without targets."""
    return table(120, seed=1).drop(columns=list(TASKS))


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "out" / "predictions.parquet"
