"""Metrics with their intervals: by influence, and by bootstrap as a check."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from experiment_cycle.evaluation.measures import influence_of, limits_of
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.evaluation.predictions import MODELS, Predictions
from experiment_cycle.evaluation.records import Estimate, Metrics
from experiment_cycle.evaluation.seeds import spread_over_seeds
from experiment_cycle.metrics.bootstrap import bootstrap
from experiment_cycle.metrics.catalogue import known_metrics
from experiment_cycle.metrics.confusion import class_names, confusion
from experiment_cycle.metrics.influence import Influence
from experiment_cycle.metrics.units import LEAST_UNITS, Units

FEW_UNITS = 20.0
"""Below so many effective units, Student's t no longer repairs the interval."""

TOLERATED_UNDEFINED = 0.05
"""Share of resamples that may leave a metric undefined before its percentiles mean little."""


def estimate_metrics(predictions: Predictions, options: EvaluationOptions, seed: int) -> Metrics:
    """Measure both models on the test rows, every metric with its two-sided interval.

    Both models are resampled alike, so that their bootstrap intervals are comparable.

    Args:
        predictions: For the test rows.
        options: Confidence and number of resamples.
        seed: Draws the resamples.
    """
    problem, units = predictions.problem, predictions.units
    names = class_names(problem)
    return Metrics(
        problem=problem,
        rows=len(predictions),
        unit=_unit(predictions),
        units=units.count,
        effective_units=units.effective,
        confidence=options.confidence,
        thresholds=predictions.thresholds or None,
        challenger=_estimates("challenger", predictions, options, seed),
        incumbent=_estimates("incumbent", predictions, options, seed),
        confusion={
            model: confusion(predictions.outcomes(model), len(names)).tolist() for model in MODELS
        }
        if names
        else None,
        classes=names,
        seeds=spread_over_seeds(predictions),
    )


def measure_with_interval(
    name: str,
    predictions: Predictions,
    model: str,
    confidence: float,
    resampled: npt.NDArray[np.float64] | None = None,
) -> Estimate:
    """Measure a model and put an interval around the value; see `estimate`.

    Args:
        name: What `influence_of` can measure.
        predictions: For any rows.
        model: One of the models that predicted them.
        confidence: Level of the two-sided interval.
        resampled: The metric on resamples of the units; or None.
    """
    found = influence_of(name, predictions.outcomes(model))
    counted = replace(found, contributions=found.contributions[predictions.counted])
    return estimate(counted, predictions.units, confidence, limits_of(name), resampled)


def _estimates(
    model: str, predictions: Predictions, options: EvaluationOptions, seed: int
) -> dict[str, Estimate]:
    """Measure one model by every metric of its problem."""
    names = known_metrics(predictions.problem.type)
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


def _unit(predictions: Predictions) -> Literal["row", "group", "query"]:
    """Tell what the resampling units are."""
    counted, count = predictions.table[predictions.counted], predictions.units.count
    if predictions.problem.type == "ranking" and count == counted["query"].nunique():
        return "query"
    return "row" if count == len(counted) else "group"


def estimate(
    found: Influence,
    units: Units,
    confidence: float,
    limits: tuple[float, float] = (0.0, 1.0),
    resampled: npt.NDArray[np.float64] | None = None,
) -> Estimate:
    """Put an interval around a metric: value ± t(effective units - 1) * cluster standard error.

    The interval is cut at the ends of the metric's range: no probability below 0 or above 1 is
    shown. Where all units agree (as in a precision of exactly 1) the standard error is 0 and says
    nothing about the uncertainty, so there is no interval.

    Args:
        found: The metric's value and the influence of each row.
        units: The resampling units of the same rows.
        confidence: Level of the two-sided interval, above 0.5 and below 1.
        limits: The least and the greatest value the metric can have.
        resampled: The metric on resamples of the units, for the percentile interval; or None.
    """
    if math.isnan(found.value):
        return Estimate(value=None, note=f"not defined: {found.note}")
    error = units.standard_error(found.contributions)
    interval = _by_influence(found.value, error, units, confidence, limits)
    check = Interval() if resampled is None else _percentiles(resampled, confidence)
    return Estimate(
        value=found.value,
        standard_error=None if math.isnan(error) else error,
        lower=interval.lower,
        upper=interval.upper,
        bootstrap_lower=check.lower,
        bootstrap_upper=check.upper,
        note="; ".join(note for note in (found.note, interval.note, check.note) if note) or None,
    )


class Interval(NamedTuple):
    """Two bounds, or none and a note that says why."""

    lower: float | None = None
    upper: float | None = None
    note: str | None = None


def _by_influence(
    value: float, error: float, units: Units, confidence: float, limits: tuple[float, float]
) -> Interval:
    """Put Student's t around the value, cut at the limits."""
    if units.count < LEAST_UNITS:
        return Interval(note="no interval: there is one resampling unit only")
    # contributions of units that agree cancel to rounding noise, not to 0
    if error <= np.finfo(np.float64).eps * max(1.0, abs(value)):
        return Interval(note="no interval: all resampling units agree")
    reach = float(stdtrit(units.degrees_of_freedom, (1 + confidence) / 2)) * error
    lower, upper = max(value - reach, limits[0]), min(value + reach, limits[1])
    if not (math.isfinite(lower) and math.isfinite(upper)):
        return Interval(note="no interval: nearly all rows are in one resampling unit")
    few = units.effective < FEW_UNITS
    note = f"rough interval: only {units.effective:.1f} effective resampling units"
    return Interval(lower, upper, note if few else None)


def _percentiles(resampled: npt.NDArray[np.float64], confidence: float) -> Interval:
    """Take the percentile interval of the resamples in which the metric is defined."""
    defined = resampled[~np.isnan(resampled)]
    share = 1 - len(defined) / len(resampled)
    if share > TOLERATED_UNDEFINED:
        return Interval(note=f"no bootstrap interval: undefined in {share:.0%} of the resamples")
    tail = (1 - confidence) / 2
    lower, upper = np.quantile(defined, [tail, 1 - tail])
    return Interval(float(lower), float(upper))
