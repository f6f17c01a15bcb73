"""How much each row weighs in a metric: the base of every standard error here."""

from __future__ import annotations

from dataclasses import dataclass

from experiment_cycle.metrics.catalogue import check_outcomes
from experiment_cycle.metrics.classification import RATES
from experiment_cycle.metrics.layout import lay_out
from experiment_cycle.metrics.outcomes import Floats, Outcomes
from experiment_cycle.metrics.sums import Sums


@dataclass(frozen=True, eq=False)
class Influence:
    """A metric's value and its derivative in the weight of each row, shape (n,).

    The contributions add up to 0, because no metric changes when all weights grow alike. Where the
    metric is not defined, `value` is nan, the contributions are zeros, and `note` says why. Where
    it is, `note` says what it leaves out (classes, queries), if anything.
    """

    value: float
    contributions: Floats
    note: str | None = None

    @classmethod
    def of(cls, laid_out: Sums) -> Influence:
        """Take the value and the influences of a function of sums."""
        return cls(*laid_out.influence())


def influence(name: str, outcomes: Outcomes) -> Influence:
    """Compute a metric together with the influence of each row (Hampel 1974).

    Functions of sums by the delta method, ROC AUC by DeLong's placement values, average precision
    by differentiating its weighted form. All are O(n log n) or better. A ranking metric is a mean
    over queries, so a query's influence is spread evenly over its rows.

    Args:
        name: A metric of the problem.
        outcomes: Targets and predictions.

    Raises:
        ConfigurationError: there is no metric of this name, or it belongs to another problem.
    """
    check_outcomes(name, outcomes)
    return Influence(*lay_out(name, outcomes).influence())


def rate(name: str, outcomes: Outcomes) -> Influence:
    """Compute one of the rates fairness is judged by, for a binary problem.

    Args:
        name: `selection_rate`, `true_positive_rate` or `false_positive_rate`.
        outcomes: Targets and predictions.
    """
    return Influence.of(RATES[name](outcomes))
