"""Whether a criterion is met, refuted, or undecided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from experiment_cycle.decision.criteria import Criterion, improvement
from experiment_cycle.decision.folds import PairedFolds
from experiment_cycle.decision.intervals import (
    FEW_EFFECTIVE_UNITS,
    MEANS_OVER_ROWS,
    MIN_EFFECTIVE_UNITS,
    Effect,
    measure_effect,
    name_test,
    rows_for,
)
from experiment_cycle.decision.paired import PairedPredictions
from experiment_cycle.decision.records import TrackedEffect, Verdict
from experiment_cycle.evaluation.moments import FEWEST_MOMENTS

TWO_SIDED = 0.05
MIN_UNITS_OF_A_CLASS = 10
"""A class in fewer units says too little for a metric in which it counts like every other."""

Status = Literal["met", "refuted", "undecided"]


@dataclass(frozen=True)
class Levels:
    """Error levels of the one-sided bounds."""

    lower: float
    upper: float

    @classmethod
    def of(cls, look_alpha: float, abandon_alpha: float, criteria: int, effective: float) -> Levels:
        """Share the level for abandoning out among the criteria; halved where units are few."""
        few = 2 if effective < FEW_EFFECTIVE_UNITS else 1
        return cls(look_alpha, abandon_alpha / criteria / few)


def judge(
    criterion: Criterion, compared: PairedPredictions | PairedFolds, levels: Levels
) -> Verdict:
    """Judge one criterion: met if lower bound > threshold, refuted if upper bound <= threshold.

    With fewer than 20 effective units it is undecided whatever the bounds, and so is a mean over
    classes one of which occurs in fewer than 10 units.

    Args:
        criterion: The demand.
        compared: Predictions for the test rows; or folds, where there is no test set.
        levels: Of both bounds.
    """
    effect = _effect(criterion, compared)
    paired = _pooled(compared)
    lower, upper = effect.bounds(levels.lower, levels.upper)
    units = paired.units
    obstacles = _obstacles(criterion.metric, paired)
    status = "undecided" if obstacles else _status(lower, upper, criterion.threshold)
    needed = None if status != "undecided" else _rows_needed(criterion, effect, paired, levels)
    return Verdict(
        criterion=criterion.kind,
        metric=criterion.metric,
        requirement=criterion.requirement,
        challenger=effect.challenger,
        incumbent=effect.incumbent,
        effect=effect.value,
        threshold=criterion.threshold,
        lower=lower,
        upper=upper,
        lower_level=levels.lower,
        upper_level=levels.upper,
        p_value=effect.p_value(criterion.threshold),
        test=_test(criterion, compared),
        rows=len(paired.rows),
        units=units.count,
        effective_units=units.effective,
        enough_units=not obstacles,
        status=status,
        rows_needed=needed,
        note="; ".join([*([effect.note] if effect.note else []), *obstacles]) or None,
        probability_better=_probability_better(effect) if criterion.is_improvement else None,
        is_improvement=criterion.is_improvement,
    )


def track(name: str, compared: PairedPredictions | PairedFolds) -> TrackedEffect:
    """Measure a metric that decides nothing: improvement with its two-sided 95 % interval."""
    criterion = improvement(name)
    effect, paired = _effect(criterion, compared), _pooled(compared)
    lower, upper = effect.bounds(TWO_SIDED / 2.0, TWO_SIDED / 2.0)
    return TrackedEffect(
        metric=name,
        challenger=effect.challenger,
        incumbent=effect.incumbent,
        effect=effect.value,
        lower=lower,
        upper=upper,
        p_value=effect.two_sided(),
        probability_better=_probability_better(effect),
        rows=len(paired.rows),
        unit="fold" if isinstance(compared, PairedFolds) else paired.unit,
        units=len(compared.parts) if isinstance(compared, PairedFolds) else paired.units.count,
        effective_units=paired.units.effective,
        test=_test(criterion, compared),
        note=effect.note,
    )


def _probability_better(effect: Effect) -> float | None:
    """Turn the p-value of the side on which the effect is round; of both the one nearer to 1/2."""
    below, above = effect.p_value(0.0), effect.p_value_above(0.0)
    if below is None or above is None:
        return None
    return max(1.0 - below, 0.5) if below < above else min(above, 0.5)


def _effect(criterion: Criterion, compared: PairedPredictions | PairedFolds) -> Effect:
    if isinstance(compared, PairedFolds):
        return compared.effect(criterion)
    return measure_effect(criterion, compared)


def _test(criterion: Criterion, compared: PairedPredictions | PairedFolds) -> str:
    if isinstance(compared, PairedFolds):
        return compared.test(criterion)
    return name_test(criterion, compared)


def _pooled(compared: PairedPredictions | PairedFolds) -> PairedPredictions:
    return compared.pooled if isinstance(compared, PairedFolds) else compared


def _status(lower: float | None, upper: float | None, threshold: float) -> Status:
    if lower is None or upper is None:
        return "undecided"
    if lower > threshold:
        return "met"
    return "refuted" if upper <= threshold else "undecided"


def _rows_needed(
    criterion: Criterion, effect: Effect, paired: PairedPredictions, levels: Levels
) -> int | None:
    if criterion.expected_improvement is None and effect.incumbent is None:
        return None
    distance = criterion.planned_distance(effect.incumbent or 0.0)
    factor = effect.size_factor(levels.lower, distance)
    return rows_for(factor, len(paired.rows), paired.units.effective)


def _obstacles(name: str, paired: PairedPredictions) -> list[str]:
    """Say why nothing is decided, whatever the bounds."""
    found = []
    effective = paired.units.effective
    if effective < MIN_EFFECTIVE_UNITS:
        found.append(
            f"{effective:.1f} effective units; nothing is decided with fewer than "
            f"{MIN_EFFECTIVE_UNITS}"
        )
    if paired.in_time and paired.units.count < FEWEST_MOMENTS:
        found.append(
            f"{paired.units.count} moments; nothing is decided with fewer than {FEWEST_MOMENTS}, "
            "which do not show how alike they are"
        )
    if paired.problem == "multiclass" and name not in MEANS_OVER_ROWS:
        fewest = paired.fewest_of_a_class
        if fewest < MIN_UNITS_OF_A_CLASS:
            found.append(
                f"a class occurs in {fewest} test units; a mean over the classes is not decided "
                f"with fewer than {MIN_UNITS_OF_A_CLASS}"
            )
    return found
