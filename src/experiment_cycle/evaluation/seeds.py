"""How much the challenger's metrics vary from seed to seed."""

from __future__ import annotations

import math

from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.metrics.catalogue import known_metrics, measure
from experiment_cycle.training.records import SeedSpread
from experiment_cycle.training.seeds import spread


def spread_over_seeds(predictions: Predictions) -> tuple[SeedSpread, ...]:
    """Measure the challenger and each further seed of it by every metric of the problem.

    Args:
        predictions: For the test rows.

    Returns:
        The challenger's value first, then those of `predictions.seeds`; nothing where there are no
        further seeds. A metric that is not defined for one of them is left out.
    """
    if not predictions.seeds:
        return ()
    trained = [predictions.outcomes(name) for name in ("challenger", *predictions.seeds)]
    measured = {
        name: [measure(name, outcomes) for outcomes in trained]
        for name in known_metrics(predictions.problem.type)
    }
    return tuple(
        spread(name, values)
        for name, values in measured.items()
        if not any(math.isnan(value) for value in values)
    )
