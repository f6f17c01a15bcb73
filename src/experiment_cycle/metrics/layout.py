"""How each metric is laid out: as a function of sums, or by the order of the predictions."""

from __future__ import annotations

from experiment_cycle.metrics.classification import SUMMED
from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.metrics.queries import query_mean
from experiment_cycle.metrics.ranking import RANKED, Ranked
from experiment_cycle.metrics.regression import ERRORS
from experiment_cycle.metrics.sums import Sums


def lay_out(name: str, outcomes: Outcomes) -> Sums | Ranked:
    """Lay a metric out for these rows.

    Args:
        name: A metric of the problem.
        outcomes: Targets and predictions.
    """
    if outcomes.problem == "ranking":
        return query_mean(name, outcomes)
    if outcomes.problem == "regression":
        return ERRORS[name](outcomes)
    return Ranked(name, outcomes) if name in RANKED else SUMMED[name](outcomes)
