"""McNemar's test: two models' hits on independent rows, of which only those count that differ."""

from __future__ import annotations

import math

from scipy import stats

from experiment_cycle.decision.criteria import Criterion
from experiment_cycle.decision.paired import PairedPredictions
from experiment_cycle.evaluation.predictions import MODELS

SOURCE = "McNemar mid-p test (McNemar 1947; Fagerland et al. 2013), interval by the same p-value"


def applies(criterion: Criterion, paired: PairedPredictions) -> bool:
    """Tell whether a criterion asks whether one model is right on more rows than the other.

    A margin asks for something else, and rows of one group or of one stretch of time differ
    together: there the paired test of the rows' values holds.
    """
    return (
        criterion.metric == "accuracy"
        and criterion.is_improvement
        and criterion.threshold == 0.0
        and paired.unit == "row"
    )


def count_differing(paired: PairedPredictions) -> tuple[int, int]:
    """Count the rows that the challenger alone is right on, and the incumbent alone."""
    right = [
        outcomes.codes == outcomes.calls for outcomes in (paired.models[model] for model in MODELS)
    ]
    return int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())


def mid_p(for_it: int, against: int) -> float:
    """Give the one-sided mid-p value against "the challenger is right on no more rows".

    Half the chance of what was seen and all of what is further off, each row that differs falling
    to either side alike. Unlike the exact p-value it is not conservative from 20 such rows on, and
    unlike the normal one it does not believe three of them (docs/statistics.md).
    """
    both = for_it + against
    further = stats.binom.sf(for_it, both, 0.5)
    return float(further + stats.binom.pmf(for_it, both, 0.5) / 2.0)


def standard_error(value: float, paired: PairedPredictions, degrees: float) -> float | None:
    """Give the standard error by which a t test of the difference has McNemar's mid-p value.

    So p-value, bounds and verdict say the same (test-based interval: Miettinen, Estimability and
    Estimation in Case-Referent Studies, American Journal of Epidemiology 103, 1976).

    Args:
        value: Accuracy of the challenger less that of the incumbent.
        paired: Both models on independent rows.
        degrees: Degrees of freedom of t.

    Returns:
        None where as many rows speak for it as against it, or the p-value is too near 0 or 1 to
        tell.
    """
    distance = float(stats.t.isf(mid_p(*count_differing(paired)), degrees))
    if not value or not distance or not math.isfinite(distance):
        return None
    return value / distance
