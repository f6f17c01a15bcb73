"""Predictions in the shape of a fitted model, for what scores models only."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from experiment_cycle.metrics.outcomes import Floats, Outcomes


class _Told(BaseEstimator):  # type: ignore[misc]
    """Knows the outcomes of rows that are given by their positions, shape (n, 1)."""

    def __init__(self, outcomes: Outcomes) -> None:
        self.outcomes = outcomes


class _ToldClass(ClassifierMixin, _Told):  # type: ignore[misc]
    """Says classes and their probabilities."""

    @property
    def classes_(self) -> npt.NDArray[np.int64]:
        return np.arange(self.outcomes.class_count)

    def predict(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        return self.outcomes.calls[rows[:, 0]]

    def predict_proba(self, rows: npt.NDArray[np.int64]) -> Floats:
        probability = self.outcomes.prediction[rows[:, 0]]
        if self.outcomes.problem == "binary":
            return np.stack([1.0 - probability, probability], axis=1)
        return probability


class _ToldNumber(RegressorMixin, _Told):  # type: ignore[misc]
    """Says numbers."""

    def predict(self, rows: npt.NDArray[np.int64]) -> Floats:
        return self.outcomes.prediction[rows[:, 0]]


def told_by(outcomes: Outcomes) -> Any:
    """Make an estimator that says what a model said of these rows, by their positions.

    Args:
        outcomes: Of a classification or a regression.
    """
    return _ToldNumber(outcomes) if outcomes.problem == "regression" else _ToldClass(outcomes)
