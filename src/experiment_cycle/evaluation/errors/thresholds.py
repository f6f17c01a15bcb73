"""Thresholds of their own for every group, by Fairlearn's `ThresholdOptimizer`."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from fairlearn.postprocessing import ThresholdOptimizer
from sklearn.base import BaseEstimator, ClassifierMixin

from experiment_cycle.metrics.outcomes import Floats

Codes = npt.NDArray[np.int64]


class Scored(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier whose probabilities are given as its only input."""

    classes_ = np.array([0, 1])

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def fit(self, rows: Floats, target: Codes) -> Self:
        """Learn nothing."""
        return self

    def predict_proba(self, rows: Floats) -> Floats:
        """Read the probability of 1, shape (n, 2)."""
        given = np.asarray(rows, dtype=np.float64)[:, 0]
        return np.column_stack([1.0 - given, given])


def thresholded_calls(
    fitted: tuple[Floats, Codes, Codes],
    applied: tuple[Floats, Codes],
    constraint: str,
    objective: str,
    tolerance: float | None,
) -> Floats:
    """Fit thresholds on some rows, and give the chance of others to be called positive.

    Args:
        fitted: Probabilities, targets and groups of the rows to fit on, shape (n,) each.
        applied: Probabilities and groups of the other rows, shape (m,) each.
        constraint: What is to be equal.
        objective: `accuracy` or `balanced_accuracy`.
        tolerance: The greatest gap allowed; None: none, and the only choice for equalized odds.

    Returns:
        Chances, shape (m,).
    """
    scores, target, groups = fitted
    optimizer = ThresholdOptimizer(
        estimator=Scored(),
        constraints=constraint,
        objective=f"{objective}_score",
        prefit=True,
        predict_method="predict_proba",
        tol=tolerance,
    )
    optimizer.fit(scores[:, None], target, sensitive_features=groups)
    found = optimizer.interpolated_thresholder_.interpolation_dict
    chances = np.zeros(len(applied[0]))
    for group in np.unique(applied[1]):
        rows = applied[1] == group
        chances[rows] = _chances(found[group], applied[0][rows])
    return chances


def _chances(rule: Any, scores: Floats) -> Floats:
    """Mix the two thresholds of a group, and the constant call, as Fairlearn does."""
    mixed = rule["p0"] * rule["operation0"](scores) + rule["p1"] * rule["operation1"](scores)
    if "p_ignore" in rule:
        ignored = rule["p_ignore"]
        mixed = ignored * rule["prediction_constant"] + (1 - ignored) * mixed
    return np.asarray(mixed, dtype=np.float64)
