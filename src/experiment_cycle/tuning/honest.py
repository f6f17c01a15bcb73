"""What the best trial is worth without the luck of having been picked.

The best of many values on the same rows flatters: part of what made it the best is chance. The
correction lets the choice be made on one part of the rows and measures it on the other
(bootstrap bias corrected cross-validation: Tsamardinos, Greasidou and Borboudakis 2018,
"Bootstrapping the out-of-sample predictions for efficient and accurate cross-validation"). The
models are not trained again. A choice on resampled rows is made with more noise than the real
one, so that the correction is rather too large than too small where trials differ.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from experiment_cycle.metrics.bootstrap import bootstrap, replicate_weights
from experiment_cycle.metrics.catalogue import measure, metric
from experiment_cycle.metrics.influence import Influence, influence
from experiment_cycle.metrics.outcomes import Floats, Outcomes
from experiment_cycle.metrics.units import Units
from experiment_cycle.tuning.predictions import TrialPredictions, ValidationRows
from experiment_cycle.tuning.records import HonestScore

LEAST_UNITS = 20
"""Fewer effective units tell nothing about how much is chance."""
LEAST_SHARE = 0.5
"""The metric must be defined on so many of the resamples."""
OUT_OF_REACH = 6.0
"""Standard errors by which a trial is behind that no resample will ever pick."""
MOST_VALUES = 200_000_000
"""Values that are resampled at most, some seconds: on many rows fewer resamples suffice."""
FEWEST_RESAMPLES = 50
CONFIDENCE = 0.95


def correct_for_search(
    found: TrialPredictions,
    rows: ValidationRows,
    metric_name: str,
    best: int,
    seed: int,
    replicates: int = 500,
) -> HonestScore:
    """Measure the picked trial on rows that had no part in picking it.

    Units are drawn with replacement; the best trial on those drawn is measured on those left out;
    the mean over all resamples is the corrected value. The first trial, number 0, is measured on
    the same rows for the gain.

    Args:
        found: Predictions of the complete trials.
        rows: What they were measured on.
        metric_name: The metric that was searched by.
        best: The number of the trial that was picked, one of those found.
        seed: From which the resamples are drawn.
        replicates: How many resamples; fewer where there is much to compute.

    Returns:
        The corrected value, or none with a note where there are too few units, or the metric is
        not defined on most resamples.
    """
    units = rows.units
    if units.effective < LEAST_UNITS:
        told = (
            f"Validation is worth {units.effective:.1f} independent units; at least {LEAST_UNITS} "
            "are needed to tell how much of a value is chance."
        )
        return _unknown(found, rows, told)
    numbers = [int(number) for number in found.numbers]
    outcomes = {
        number: rows.outcomes(prediction)
        for number, prediction in zip(numbers, found.predictions, strict=True)
    }
    influences = {number: influence(metric_name, one) for number, one in outcomes.items()}
    sign = 1.0 if metric(metric_name).greater_is_better else -1.0
    rivals = [
        number
        for number in numbers
        if number == best or _in_reach(influences[number], influences[best], units, sign)
    ]
    count = _affordable(replicates, len(rivals), found.predictions[0].size)
    picks = _picks([outcomes[each] for each in rivals], metric_name, units, count, seed)
    drawn = replicate_weights(units, count, seed)
    values, defaults = _measured_outside(found, rows, metric_name, np.take(rivals, picks), drawn)
    usable = np.isfinite(values)
    error = _finite(units.standard_error(influences[best].contributions))
    if usable.sum() < LEAST_SHARE * count:
        told = f"{metric(metric_name).label} is not defined on most resamples of validation."
        return _unknown(found, rows, told, error)
    return HonestScore(
        corrected=float(values[usable].mean()),
        standard_error=error,
        **_gain(values - defaults, influences, best, units, sign),
        chosen_again=float(np.mean(picks[usable] == rivals.index(best))),
        candidates=len(numbers),
        resamples=int(usable.sum()),
        units=units.count,
    )


def _unknown(
    found: TrialPredictions, rows: ValidationRows, note: str, error: float | None = None
) -> HonestScore:
    return HonestScore(
        corrected=None,
        standard_error=error,
        candidates=len(found.numbers),
        resamples=0,
        units=rows.units.count,
        note=note,
    )


def _measured_outside(
    found: TrialPredictions,
    rows: ValidationRows,
    metric_name: str,
    picked: npt.NDArray[np.int64],
    drawn: npt.NDArray[np.int32],
) -> tuple[Floats, Floats]:
    """Measure the picked trial and trial 0 on the rows each resample left out; nan if undefined."""
    by_number = dict(zip(found.numbers.tolist(), found.predictions, strict=True))
    values, defaults = np.full(len(picked), np.nan), np.full(len(picked), np.nan)
    for at, number in enumerate(picked.tolist()):
        outside = np.flatnonzero(drawn[at] == 0)
        values[at] = measure(metric_name, rows.outcomes(by_number[number], outside))
        if number == 0:
            defaults[at] = values[at]
        elif 0 in by_number:
            defaults[at] = measure(metric_name, rows.outcomes(by_number[0], outside))
    return values, defaults


def _in_reach(one: Influence, best: Influence, units: Units, sign: float) -> bool:
    """Tell whether a resample might pick a trial in place of the best one."""
    behind = sign * (best.value - one.value)
    error = units.standard_error(best.contributions - one.contributions)
    return bool(behind <= OUT_OF_REACH * error)


def _affordable(replicates: int, candidates: int, size: int) -> int:
    return min(replicates, max(FEWEST_RESAMPLES, MOST_VALUES // max(candidates * size, 1)))


def _picks(
    outcomes: list[Outcomes], metric_name: str, units: Units, count: int, seed: int
) -> npt.NDArray[np.int64]:
    """Find the place of the best trial on each resample, the earliest of equals, shape (count,)."""
    sign = 1.0 if metric(metric_name).greater_is_better else -1.0
    # the same seed draws the same resamples for every trial
    values = np.stack(
        [sign * bootstrap([metric_name], one, units, count, seed)[metric_name] for one in outcomes]
    )
    known = np.where(np.isfinite(values), values, -np.inf)
    return np.asarray(known.argmax(axis=0), np.int64)


def _gain(
    differences: Floats, influences: dict[int, Influence], best: int, units: Units, sign: float
) -> dict[str, float | None]:
    usable = differences[np.isfinite(differences)]
    if 0 not in influences or not len(usable):
        return {}
    between = influences[best].contributions - influences[0].contributions
    error = _finite(units.standard_error(between))
    noise = None if error is None else float(stdtrit(units.degrees_of_freedom, CONFIDENCE)) * error
    return {"gain": sign * float(usable.mean()), "gain_error": error, "noise": noise}


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
