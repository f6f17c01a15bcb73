"""Both models on the test rows, by every metric of their problem."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from experiment_cycle.evaluation.by_class import estimate_by_class
from experiment_cycle.evaluation.estimates import measure_with_interval
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.evaluation.predictions import MODELS, Predictions
from experiment_cycle.evaluation.records import Estimate, Metrics
from experiment_cycle.evaluation.seeds import spread_over_seeds
from experiment_cycle.metrics.bootstrap import bootstrap
from experiment_cycle.metrics.catalogue import known_metrics
from experiment_cycle.metrics.confusion import class_names, confusion

CLUSTERED = (
    "value ± t x standard error of the rows' influences summed by {unit} (delta method, Hampel "
    "1974; Liang and Zeger 1986), t with {degrees:.1f} degrees of freedom; as a check, "
    "percentiles of {replicates} resamples of {many} (Efron 1979)"
)
IN_TIME = (
    "value ± t x standard error of the rows' influences summed by moment, by the equal-weighted "
    "cosine estimator of the long-run variance (Lazarus et al. 2018), t with {degrees:.0f} degrees "
    "of freedom; as a check, percentiles of {replicates} resamples of stretches of moments "
    "(circular block bootstrap, Politis and Romano 1992)"
)
MANY = {"row": "rows", "group": "groups", "query": "queries"}


def estimate_metrics(
    predictions: Predictions, options: EvaluationOptions, seed: int, asked: Sequence[str] = ()
) -> Metrics:
    """Measure both models on the test rows, every metric with its two-sided interval.

    Both models are resampled alike, so that their bootstrap intervals are comparable.

    Args:
        predictions: For the test rows.
        options: Confidence and number of resamples.
        seed: Draws the resamples.
        asked: Metrics to measure besides those that always are.
    """
    problem, units = predictions.problem, predictions.units
    classes = class_names(problem)
    names = list(dict.fromkeys([*known_metrics(problem.type), *asked]))
    return Metrics(
        problem=problem,
        rows=len(predictions),
        unit=predictions.unit,
        units=units.count,
        effective_units=units.effective,
        confidence=options.confidence,
        thresholds=predictions.thresholds or None,
        challenger=_estimates("challenger", names, predictions, options, seed),
        incumbent=_estimates("incumbent", names, predictions, options, seed),
        confusion={
            model: confusion(predictions.outcomes(model), len(classes)).tolist() for model in MODELS
        }
        if classes
        else None,
        classes=classes,
        by_class=estimate_by_class(predictions, options.confidence),
        method=_method(predictions, options.bootstrap_replicates),
        seeds=spread_over_seeds(predictions),
    )


def _estimates(
    model: str, names: list[str], predictions: Predictions, options: EvaluationOptions, seed: int
) -> dict[str, Estimate]:
    """Measure one model by every metric named."""
    resampled: dict[str, npt.NDArray[np.float64]] = {}
    if predictions.units.count:
        counted = predictions.within(predictions.counted).outcomes(model)
        replicates = options.bootstrap_replicates
        resampled = bootstrap(names, counted, predictions.units, replicates, seed)
    return {
        name: measure_with_interval(
            name, predictions, model, options.confidence, resampled.get(name)
        )
        for name in names
    }


def _method(predictions: Predictions, replicates: int) -> str:
    """Say in words how the intervals are made."""
    degrees = predictions.units.degrees_of_freedom
    if predictions.in_time:
        return IN_TIME.format(degrees=degrees, replicates=replicates)
    unit = predictions.unit
    return CLUSTERED.format(unit=unit, many=MANY[unit], degrees=degrees, replicates=replicates)
