"""How each metric is laid out: by sums, by order, by the middle, or as a score of unknown make."""

from __future__ import annotations

from experiment_cycle.metrics.averages import OF_CLASS, of_class
from experiment_cycle.metrics.classification import SUMMED
from experiment_cycle.metrics.custom import Scored, is_custom
from experiment_cycle.metrics.middle import MedianError
from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.metrics.queries import query_mean
from experiment_cycle.metrics.ranking import RANKED, Ranked
from experiment_cycle.metrics.regression import ERRORS
from experiment_cycle.metrics.sums import Sums

Layout = Sums | Ranked | MedianError | Scored


def lay_out(name: str, outcomes: Outcomes) -> Layout:
    """Lay a metric out for these rows.

    Args:
        name: A metric of the problem.
        outcomes: Targets and predictions.
    """
    if is_custom(name):
        scored = Scored(name, outcomes)
        ranked = outcomes.problem == "ranking"
        return query_mean(name, outcomes, scored.of) if ranked else scored
    if outcomes.problem == "ranking":
        return query_mean(name, outcomes)
    if outcomes.problem == "regression":
        if name == "median_absolute_error":
            return MedianError(outcomes)
        return ERRORS[name](outcomes)
    if OF_CLASS.fullmatch(name):
        return of_class(name, outcomes)
    return Ranked(name, outcomes) if name in RANKED else SUMMED[name](outcomes)
