"""The metrics of two or more classes that are functions of sums, and the rates of fairness."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from experiment_cycle.metrics.averages import macro, weighted
from experiment_cycle.metrics.calibration_error import expected_calibration_error
from experiment_cycle.metrics.losses import log_losses
from experiment_cycle.metrics.matthews import correlation
from experiment_cycle.metrics.outcomes import Codes, Floats, Outcomes
from experiment_cycle.metrics.sums import Sums, mean, ratio

NO_POSITIVES = "no row is positive"
NO_NEGATIVES = "no row is negative"
NO_CALLS = "no row is called positive at this threshold"


def called(outcomes: Outcomes) -> Codes:
    """Give the class each row is called, as a code, shape (n,).

    Binary: 1 from the threshold on. Multiclass: the most probable, the first of equal ones.
    """
    return outcomes.calls


def _sides(outcomes: Outcomes) -> tuple[Floats, Floats]:
    """Mark the positive rows and those called positive with 1."""
    return outcomes.codes.astype(np.float64), outcomes.calls.astype(np.float64)


def _accuracy(outcomes: Outcomes) -> Sums:
    return mean((outcomes.codes == outcomes.calls).astype(np.float64))


def _precision(outcomes: Outcomes) -> Sums:
    positive, calls = _sides(outcomes)
    return ratio(positive * calls, calls, NO_CALLS)


def _recall(outcomes: Outcomes) -> Sums:
    positive, calls = _sides(outcomes)
    return ratio(positive * calls, positive, NO_POSITIVES)


def _f1(outcomes: Outcomes) -> Sums:
    positive, calls = _sides(outcomes)
    missing = "no row is positive and none is called positive at this threshold"
    return ratio(2.0 * positive * calls, positive + calls, missing)


def _mcc(outcomes: Outcomes) -> Sums:
    return correlation(outcomes.codes, outcomes.calls, outcomes.class_count)


def _log_loss(outcomes: Outcomes) -> Sums:
    return mean(log_losses(outcomes))


def _brier(outcomes: Outcomes) -> Sums:
    target, predicted = np.asarray(outcomes.target), outcomes.prediction
    if outcomes.problem == "binary":
        return mean((predicted - target) ** 2)
    # sum of (p - y)^2 over the classes, y being 1 for one of them
    right = predicted[np.arange(len(target)), target.astype(np.int64)]
    return mean(np.einsum("nk,nk->n", predicted, predicted) - 2.0 * right + 1.0)


def _selection_rate(outcomes: Outcomes) -> Sums:
    return mean(_sides(outcomes)[1])


def _false_positive_rate(outcomes: Outcomes) -> Sums:
    positive, calls = _sides(outcomes)
    return ratio((1.0 - positive) * calls, 1.0 - positive, NO_NEGATIVES)


SUMMED: dict[str, Callable[[Outcomes], Sums]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": macro("recall"),
    "precision": _precision,
    "recall": _recall,
    "f1": _f1,
    "precision_macro": macro("precision"),
    "recall_macro": macro("recall"),
    "f1_macro": macro("f1"),
    "precision_weighted": weighted("precision"),
    "recall_weighted": weighted("recall"),
    "f1_weighted": weighted("f1"),
    "mcc": _mcc,
    "ece": expected_calibration_error,
    "log_loss": _log_loss,
    "brier": _brier,
}
"""The metrics of this file by name."""

RATES: dict[str, Callable[[Outcomes], Sums]] = {
    "selection_rate": _selection_rate,
    "true_positive_rate": _recall,
    "false_positive_rate": _false_positive_rate,
}
"""The rates fairness is judged by, of binary problems."""
