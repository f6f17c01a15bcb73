"""A t statistic that rare rows of great weight do not deceive."""

from __future__ import annotations

import math

from experiment_cycle.decision.paired import PairedPredictions
from experiment_cycle.metrics.outcomes import Floats

OPEN_ENDED = {"log_loss", "brier", "mae", "mape", "mse", "rmse"}
"""Losses of which few rows can make up most."""
SOURCE = "of its p-value and the one corrected for skewness (Hall 1992) the greater"
LEAST = 1e-9
"""Less is no skewness, and cannot be divided by."""


def applies(name: str, paired: PairedPredictions) -> bool:
    """Tell whether a metric's bounds are corrected: a mean of losses over independent rows."""
    return name in OPEN_ENDED and paired.unit == "row"


def skewness_of_sum(contributions: Floats) -> float:
    """Give the skewness of a sum of independent contributions, shape (n,), between -1 and 1.

    Of a mean of n alike numbers it is their own skewness over sqrt(n).
    """
    squares = float((contributions**2).sum())
    return float((contributions**3).sum()) / squares**1.5 if squares > 0.0 else 0.0


def transformed(statistic: float, skewness: float) -> float:
    """Take the skewness out of a t statistic.

    The monotone cubic of Hall (On the Removal of Skewness by Transformation, Journal of the Royal
    Statistical Society B 54, 1992): where few rows speak against a challenger, a test set that
    happens to hold none of them shows neither the loss nor the spread; this makes up for that.
    """
    if abs(skewness) < LEAST:
        return statistic
    cubic = (1.0 + skewness * statistic / 3.0) ** 3 - 1.0
    return cubic / skewness + skewness / 6.0


def restored(statistic: float, skewness: float) -> float:
    """Turn `transformed` round."""
    if abs(skewness) < LEAST:
        return statistic
    cubic = 1.0 + skewness * (statistic - skewness / 6.0)
    return 3.0 / skewness * (math.cbrt(cubic) - 1.0)
