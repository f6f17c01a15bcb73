"""How much each row weighs in a metric: the base of every standard error here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from experiment_cycle.metrics.catalogue import metric
from experiment_cycle.metrics.ranking import RANKED, Ranking
from experiment_cycle.metrics.ratios import Ratio, ratio


@dataclass(frozen=True, eq=False)
class Influence:
    """A metric's value and its derivative in the weight of each row, shape (n,).

    The contributions add up to 0, because no metric changes when all weights grow alike. Where the
    metric is not defined, `value` is nan, the contributions are zeros, and `note` says why.
    """

    value: float
    contributions: npt.NDArray[np.float64]
    note: str | None = None

    @classmethod
    def of(cls, laid_out: Ratio) -> Influence:
        """Take a ratio's value and influences."""
        value = laid_out.value()
        note = laid_out.undefined if np.isnan(value) else None
        return cls(value, laid_out.contributions(), note)


def influence(
    name: str, target: npt.ArrayLike, probability: npt.ArrayLike, threshold: float = 0.5
) -> Influence:
    """Compute a metric together with the influence of each row (Hampel 1974).

    Means and ratios by the delta method, ROC AUC by DeLong's placement values, average precision
    by differentiating its weighted form. All are O(n log n) or better.

    Args:
        name: One of `known_metrics()`.
        target: 0 or 1 per row, shape (n,).
        probability: Predicted probability of 1 per row, shape (n,).
        threshold: A row is called positive from this probability on.

    Raises:
        ConfigurationError: there is no metric of this name.
    """
    metric(name)
    if name not in RANKED:
        return Influence.of(ratio(name, target, probability, threshold))
    ranking = Ranking.of(target, probability)
    note = ranking.undefined(name)
    if note is not None:
        return Influence(float("nan"), np.zeros(len(ranking.order)), note)
    value, by_class = RANKED[name](ranking)
    return Influence(value, ranking.spread(by_class, target))
