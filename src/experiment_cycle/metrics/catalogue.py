"""Which metrics there are, which way is better, and how each is computed.

A metric that is not defined on the rows given is nan: never a warning, never a made-up 0.

    metric              not defined where                            scikit-learn then says
    precision           no row is called positive                    0.0, with a warning
    recall              no row is positive                           0.0, with a warning
    f1                  no row is positive, none called positive     0.0, with a warning
    roc_auc             only one class is present                    nan, with a warning
    average_precision   no row is positive                           0.0, with a warning
    log_loss            there are no rows                            an error (one class: too)
    accuracy, brier     there are no rows                            an error
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy.typing as npt

from experiment_cycle.errors import ConfigurationError, near_misses
from experiment_cycle.metrics.ranking import RANKED, Ranking
from experiment_cycle.metrics.ratios import ratio


@dataclass(frozen=True)
class Metric:
    """A metric by name; `lowest` and `greatest` are the ends of its range."""

    name: str
    label: str
    greater_is_better: bool
    lowest: float = 0.0
    greatest: float = 1.0


_METRICS = {
    metric.name: metric
    for metric in (
        Metric("accuracy", "accuracy", greater_is_better=True),
        Metric("precision", "precision", greater_is_better=True),
        Metric("recall", "recall", greater_is_better=True),
        Metric("f1", "F1", greater_is_better=True),
        Metric("roc_auc", "ROC AUC", greater_is_better=True),
        Metric("average_precision", "average precision", greater_is_better=True),
        Metric("log_loss", "log loss", greater_is_better=False, greatest=float("inf")),
        Metric("brier", "Brier score", greater_is_better=False),
    )
}


def known_metrics() -> list[str]:
    """Name all metrics, in the order in which they are shown."""
    return list(_METRICS)


def metric(name: str) -> Metric:
    """Look a metric up.

    Raises:
        ConfigurationError: there is no metric of this name.
    """
    if name not in _METRICS:
        raise ConfigurationError(f"There is no metric '{name}'. {near_misses(name, _METRICS)}")
    return _METRICS[name]


def measure(
    name: str, target: npt.ArrayLike, probability: npt.ArrayLike, threshold: float = 0.5
) -> float:
    """Compute a metric; equal to scikit-learn's function of the same meaning.

    Args:
        name: One of `known_metrics()`.
        target: 0 or 1 per row, shape (n,).
        probability: Predicted probability of 1 per row, shape (n,).
        threshold: A row is called positive from this probability on.

    Returns:
        The value; nan where it is not defined (see the top of this file).

    Raises:
        ConfigurationError: there is no metric of this name.
    """
    metric(name)
    if name not in RANKED:
        return ratio(name, target, probability, threshold).value()
    ranking = Ranking.of(target, probability)
    return float("nan") if ranking.undefined(name) else RANKED[name](ranking)[0]
