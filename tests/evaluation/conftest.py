"""Predictions of both models for each problem type, of test rows that stand in groups."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from experiment_cycle.columns import ROW
from experiment_cycle.evaluation.predictions import MODELS, Predictions, output_columns
from experiment_cycle.problem import Problem

PROBLEMS = {
    "binary": Problem(type="binary", classes=("no", "yes")),
    "multiclass": Problem(type="multiclass", classes=("bus", "car", "train")),
    "regression": Problem(type="regression"),
    "ranking": Problem(type="ranking"),
}
SPREADS = {"challenger": 0.8, "incumbent": 1.2, "challenger_seed_2": 0.9, "challenger_seed_3": 1.0}

Make = Callable[..., Predictions]


@pytest.fixture
def make() -> Make:
    """Make predictions: the challenger is the better model, the further seeds are in between."""
    return _make


def _make(
    kind: str,
    rows: int = 600,
    groups: int | None = None,
    seeds: int = 1,
    threshold: float = 0.5,
    seed: int = 1,
) -> Predictions:
    generator = np.random.default_rng(seed)
    problem = PROBLEMS[kind]
    query = np.arange(rows) // 6
    unit = np.arange(rows) if groups is None else generator.integers(0, groups, rows)
    truth = generator.normal(0, 1, rows)
    table: dict[str, np.ndarray] = {"unit": query if kind == "ranking" else unit}
    if kind == "ranking":
        table["query"] = query
    target, signal = _targets(kind, truth)
    table["target"] = target
    for name in (*MODELS, *(f"challenger_seed_{number}" for number in range(2, seeds + 1))):
        noise = generator.normal(0, SPREADS[name], (rows, problem.outputs))
        outputs = _outputs(kind, signal + noise)
        table |= dict(zip(output_columns(name, problem), outputs.T, strict=True))
    index = pd.Index(np.arange(rows) * 3, name=ROW)
    thresholds = dict.fromkeys(MODELS, threshold) if kind == "binary" else {}
    return Predictions(pd.DataFrame(table, index=index), problem, thresholds)


def _targets(kind: str, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut the truth into targets, and give the signal that a model gets, shape (n, outputs)."""
    if kind == "binary":
        return (truth > 0).astype(np.int64), truth[:, None]
    if kind == "multiclass":
        codes = np.digitize(truth, [-0.5, 0.7])
        return codes.astype(np.int64), 1.5 * np.eye(3)[codes]
    if kind == "regression":
        return truth, truth[:, None]
    return np.digitize(truth, [0.5, 1.5]).astype(np.float64), truth[:, None]


def _outputs(kind: str, scores: np.ndarray) -> np.ndarray:
    if kind == "binary":
        return stats.norm.cdf(scores)
    if kind == "multiclass":
        odds = np.exp(scores)
        return odds / odds.sum(axis=1, keepdims=True)
    return scores
