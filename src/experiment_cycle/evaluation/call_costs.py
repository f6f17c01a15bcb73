"""What the wrong calls of both models cost on the test rows."""

from __future__ import annotations

import numpy as np

from experiment_cycle.evaluation.estimates import estimate
from experiment_cycle.evaluation.predictions import MODELS, Predictions
from experiment_cycle.evaluation.records import Estimate
from experiment_cycle.metrics.classification import called
from experiment_cycle.metrics.influence import Influence
from experiment_cycle.metrics.outcomes import Floats, Outcomes
from experiment_cycle.metrics.sums import mean
from experiment_cycle.options import Record
from experiment_cycle.training.options import ErrorCosts


class CallCosts(Record):
    """The mean cost of a test row, by `training.threshold.costs`; two classes only.

    `improvement` is the incumbent's cost less the challenger's, row by row.
    """

    false_positive: float
    false_negative: float
    challenger: Estimate | None = None
    incumbent: Estimate | None = None
    improvement: Estimate | None = None
    note: str | None = None


def cost_calls(predictions: Predictions, costs: ErrorCosts, confidence: float) -> CallCosts:
    """Add up what wrong calls cost, each model at its own threshold.

    Args:
        predictions: For the test rows.
        costs: Of the two kinds of wrong calls, in any one unit.
        confidence: Level of the two-sided intervals.
    """
    both = {"false_positive": costs.false_positive, "false_negative": costs.false_negative}
    if predictions.problem.type != "binary":
        return CallCosts(**both, note="There are not two classes, so no call has one of two costs.")
    own, other = (_costs(predictions.outcomes(model), costs) for model in MODELS)
    most = max(both.values())
    measured = {
        "challenger": (own, (0.0, most)),
        "incumbent": (other, (0.0, most)),
        "improvement": (other - own, (-most, most)),
    }
    found = {
        name: estimate(Influence.of(mean(values)), predictions.units, confidence, limits)
        for name, (values, limits) in measured.items()
    }
    return CallCosts(**both, **found)


def _costs(outcomes: Outcomes, costs: ErrorCosts) -> Floats:
    """Cost each row's call, shape (n,)."""
    positive, truth = called(outcomes).astype(bool), outcomes.target.astype(bool)
    values = costs.false_positive * (positive & ~truth) + costs.false_negative * (~positive & truth)
    return np.asarray(values, dtype=np.float64)
