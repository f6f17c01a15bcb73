"""The metrics of two or more classes that are functions of sums, and the rates of fairness."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from experiment_cycle.metrics.losses import log_losses
from experiment_cycle.metrics.outcomes import Floats, Outcomes
from experiment_cycle.metrics.sums import MeanRatio, Sums, Term, mean, ratio

Codes = npt.NDArray[np.int64]

NO_POSITIVES = "no row is positive"
NO_NEGATIVES = "no row is negative"
NO_CALLS = "no row is called positive at this threshold"
NO_ROW_OF_OTHERS = "the others have no row"
TWO = 2


def called(outcomes: Outcomes) -> Codes:
    """Give the class each row is called, as a code, shape (n,).

    Binary: 1 from the threshold on. Multiclass: the most probable, the first of equal ones.
    """
    if outcomes.problem == "binary":
        return (np.asarray(outcomes.prediction) >= outcomes.threshold).astype(np.int64)
    return np.asarray(outcomes.prediction.argmax(axis=1), dtype=np.int64)


def _codes(outcomes: Outcomes) -> tuple[Codes, Codes, int]:
    """Give the class each row is, the one it is called, and how many classes there are."""
    count = TWO if outcomes.problem == "binary" else outcomes.prediction.shape[1]
    return np.asarray(outcomes.target).astype(np.int64), called(outcomes), count


def _sides(outcomes: Outcomes) -> tuple[Floats, Floats]:
    """Mark the positive rows and those called positive with 1."""
    target, calls, _ = _codes(outcomes)
    return target.astype(np.float64), calls.astype(np.float64)


def _accuracy(outcomes: Outcomes) -> Sums:
    target, calls, _ = _codes(outcomes)
    return mean((target == calls).astype(np.float64))


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


def _recall_macro(outcomes: Outcomes) -> Sums:
    target, calls, count = _codes(outcomes)
    hits, ones = (target == calls).astype(np.float64), np.ones(len(target))
    terms = (Term(hits, target), Term(ones, count + target))
    return Sums(terms, 2 * count, MeanRatio(NO_ROW_OF_OTHERS))


def _precision_macro(outcomes: Outcomes) -> Sums:
    target, calls, count = _codes(outcomes)
    hits, ones = (target == calls).astype(np.float64), np.ones(len(target))
    terms = (Term(hits, target), Term(ones, count + calls))
    return Sums(terms, 2 * count, MeanRatio("no row is called one of the others"))


def _f1_macro(outcomes: Outcomes) -> Sums:
    target, calls, count = _codes(outcomes)
    hits, ones = (target == calls).astype(np.float64), np.ones(len(target))
    terms = (Term(2.0 * hits, target), Term(ones, count + target), Term(ones, count + calls))
    return Sums(
        terms, 2 * count, MeanRatio(f"{NO_ROW_OF_OTHERS}, and no row is called one of them")
    )


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
    "balanced_accuracy": _recall_macro,
    "precision": _precision,
    "recall": _recall,
    "f1": _f1,
    "precision_macro": _precision_macro,
    "recall_macro": _recall_macro,
    "f1_macro": _f1_macro,
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
