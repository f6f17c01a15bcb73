"""A metric with its interval: by influence, and by bootstrap as a check."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from experiment_cycle.evaluation.measures import has_influence, influence_of, is_biased, limits_of
from experiment_cycle.evaluation.moments import FEWEST_MOMENTS
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.evaluation.records import Estimate
from experiment_cycle.metrics.influence import Influence
from experiment_cycle.metrics.units import LEAST_UNITS, Units

FEW_UNITS = 20.0
"""Below so many effective units, Student's t no longer repairs the interval."""

TOLERATED_UNDEFINED = 0.05
"""Share of resamples that may leave a metric undefined before its percentiles mean little."""


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
    if not has_influence(name):
        made = _by_bootstrap(found, predictions.units, confidence, resampled)
        return _mirrored(made, limits_of(name)) if is_biased(name) else made
    counted = replace(found, contributions=found.contributions[predictions.counted])
    return estimate(counted, predictions.units, confidence, limits_of(name), resampled)


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


def _by_bootstrap(
    found: Influence,
    units: Units,
    confidence: float,
    resampled: npt.NDArray[np.float64] | None,
) -> Estimate:
    """Put the percentiles of the resamples around a metric on which no row has an influence."""
    if math.isnan(found.value):
        return Estimate(value=None, note=f"not defined: {found.note or 'no number came of it'}")
    if resampled is None or units.count < LEAST_UNITS:
        return Estimate(value=found.value, note="no interval: it has one by bootstrap only")
    check = _percentiles(resampled, confidence)
    notes = (found.note, check.note or f"by bootstrap, {len(resampled)} resamples")
    known = ~np.isnan(resampled)
    return Estimate(
        value=found.value,
        standard_error=float(resampled[known].std(ddof=1)) if known.sum() > 1 else None,
        lower=check.lower,
        upper=check.upper,
        bootstrap_lower=check.lower,
        bootstrap_upper=check.upper,
        note="; ".join(note for note in notes if note),
    )


def _mirrored(made: Estimate, limits: tuple[float, float]) -> Estimate:
    """Turn percentiles around the value: what resampling adds to it, the sample added to the truth.

    The basic bootstrap interval (Davison and Hinkley 1997, section 5.2), with the value in it.
    """
    if made.value is None or made.bootstrap_lower is None or made.bootstrap_upper is None:
        return made
    lower, upper = (2.0 * made.value - end for end in (made.bootstrap_upper, made.bootstrap_lower))
    return made.model_copy(
        update={
            "lower": max(min(lower, made.value), limits[0]),
            "upper": min(max(upper, made.value), limits[1]),
            "note": f"{made.note}, turned for its bias",
        }
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
    return Interval(lower, upper, _rough(units))


def _rough(units: Units) -> str | None:
    """Say why an interval is rough; None where it is not."""
    if units.in_time and units.count < FEWEST_MOMENTS:
        return f"rough interval: only {units.count} moments, which do not show how alike they are"
    few = units.effective < FEW_UNITS
    return f"rough interval: only {units.effective:.1f} effective resampling units" if few else None


def _percentiles(resampled: npt.NDArray[np.float64], confidence: float) -> Interval:
    """Take the percentile interval of the resamples in which the metric is defined."""
    defined = resampled[~np.isnan(resampled)]
    share = 1 - len(defined) / len(resampled)
    if share > TOLERATED_UNDEFINED:
        return Interval(note=f"no bootstrap interval: undefined in {share:.0%} of the resamples")
    tail = (1 - confidence) / 2
    lower, upper = np.quantile(defined, [tail, 1 - tail])
    return Interval(float(lower), float(upper))
