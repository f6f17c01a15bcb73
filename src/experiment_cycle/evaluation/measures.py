"""What errors are judged by: metrics, rates of calls, and the mean error."""

from __future__ import annotations

import math

from experiment_cycle.metrics.catalogue import metric
from experiment_cycle.metrics.influence import Influence, influence, rate
from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.metrics.sums import mean

RATES = ("selection_rate", "true_positive_rate", "false_positive_rate")
"""By which groups are compared where there are two classes."""

MEAN_ERROR = "mean_error"
"""Prediction less actual value, on average."""


def influence_of(name: str, outcomes: Outcomes) -> Influence:
    """Measure a metric of the catalogue, one of `RATES`, or the mean error, with its influence."""
    if name in RATES:
        return rate(name, outcomes)
    if name == MEAN_ERROR:
        return Influence.of(mean(outcomes.prediction - outcomes.target))
    return influence(name, outcomes)


def has_influence(name: str) -> bool:
    """Tell whether each row has an influence on what `influence_of` measures."""
    return name in RATES or name == MEAN_ERROR or metric(name).has_influence


def is_biased(name: str) -> bool:
    """Tell whether a metric is expected to differ from its value over all data."""
    return name not in RATES and name != MEAN_ERROR and metric(name).biased is not None


def limits_of(name: str) -> tuple[float, float]:
    """Tell the least and the greatest value that `influence_of` can find."""
    if name in RATES:
        return 0.0, 1.0
    if name == MEAN_ERROR:
        return -math.inf, math.inf
    return metric(name).lowest, metric(name).greatest
