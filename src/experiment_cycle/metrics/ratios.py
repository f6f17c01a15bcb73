"""The metrics that are a ratio of two sums over the rows, and rates of the same kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Positives = npt.NDArray[np.bool_]

NO_POSITIVES = "no row is positive"
NO_NEGATIVES = "no row is negative"
NO_CALLS = "no row is called positive at this threshold"
NO_ROWS = "there are no rows"


@dataclass(frozen=True, eq=False)
class Ratio:
    """A metric of the form sum(weight * numerator) / sum(weight * denominator) over the rows.

    Both arrays have shape (n,). Where the denominators add up to 0 the metric is not defined, and
    `undefined` says what is missing.
    """

    numerator: Floats
    denominator: Floats
    undefined: str

    def value(self) -> float:
        """Compute the metric with every row counted once; nan where it is not defined."""
        total = float(self.denominator.sum())
        return float(self.numerator.sum()) / total if total > 0 else float("nan")

    def contributions(self) -> Floats:
        """Differentiate the metric in the weight of each row, shape (n,); zeros where undefined.

        The delta method for a ratio of means: (numerator - value * denominator) / sum(denominator).
        """
        total = float(self.denominator.sum())
        if total <= 0:
            return np.zeros(len(self.denominator))
        return (self.numerator - self.value() * self.denominator) / total


def _accuracy(positive: Positives, called: Positives, _: Floats) -> Ratio:
    return Ratio((positive == called).astype(np.float64), np.ones(len(positive)), NO_ROWS)


def _precision(positive: Positives, called: Positives, _: Floats) -> Ratio:
    return Ratio((positive & called).astype(np.float64), called.astype(np.float64), NO_CALLS)


def _recall(positive: Positives, called: Positives, _: Floats) -> Ratio:
    return Ratio((positive & called).astype(np.float64), positive.astype(np.float64), NO_POSITIVES)


def _f1(positive: Positives, called: Positives, _: Floats) -> Ratio:
    return Ratio(
        (positive & called).astype(np.float64) * 2.0,
        positive.astype(np.float64) + called,
        "no row is positive and none is called positive at this threshold",
    )


def _log_loss(positive: Positives, _: Positives, probability: Floats) -> Ratio:
    return Ratio(log_losses(positive, probability), np.ones(len(positive)), NO_ROWS)


def _brier(positive: Positives, _: Positives, probability: Floats) -> Ratio:
    return Ratio((probability - positive) ** 2, np.ones(len(positive)), NO_ROWS)


def _selection_rate(positive: Positives, called: Positives, _: Floats) -> Ratio:
    return Ratio(called.astype(np.float64), np.ones(len(positive)), NO_ROWS)


def _false_positive_rate(positive: Positives, called: Positives, _: Floats) -> Ratio:
    negative = ~positive
    return Ratio((negative & called).astype(np.float64), negative.astype(np.float64), NO_NEGATIVES)


RATIOS: dict[str, Callable[[Positives, Positives, Floats], Ratio]] = {
    "accuracy": _accuracy,
    "precision": _precision,
    "recall": _recall,
    "f1": _f1,
    "log_loss": _log_loss,
    "brier": _brier,
    "selection_rate": _selection_rate,
    "true_positive_rate": _recall,
    "false_positive_rate": _false_positive_rate,
}
"""Every ratio by name: six of the metrics, and the rates fairness is judged by."""


def log_losses(target: npt.ArrayLike, probability: npt.ArrayLike) -> Floats:
    """Compute the log loss of each row, shape (n,), in nats.

    Probabilities are kept off 0 and 1 by the machine epsilon of float64, as scikit-learn does.
    """
    positive = np.asarray(target).astype(np.bool_)
    predicted = np.asarray(probability, dtype=np.float64)
    epsilon = np.finfo(np.float64).eps
    likelihood = np.clip(np.where(positive, predicted, 1.0 - predicted), epsilon, 1.0 - epsilon)
    return np.asarray(-np.log(likelihood), dtype=np.float64)


def ratio(
    name: str, target: npt.ArrayLike, probability: npt.ArrayLike, threshold: float = 0.5
) -> Ratio:
    """Lay a metric out as a ratio of sums.

    Args:
        name: A key of `RATIOS`.
        target: 0 or 1 per row, shape (n,).
        probability: Predicted probability of 1 per row, shape (n,).
        threshold: A row is called positive from this probability on.
    """
    predicted = np.asarray(probability, dtype=np.float64)
    return RATIOS[name](np.asarray(target).astype(np.bool_), predicted >= threshold, predicted)
