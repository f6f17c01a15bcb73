"""Whether a criterion is met, refuted, or undecided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from experiment_cycle.decision.criteria import Criterion, improvement
from experiment_cycle.decision.intervals import (
    FEW_EFFECTIVE_UNITS,
    MIN_EFFECTIVE_UNITS,
    Effect,
    measure_effect,
    name_test,
    rows_for,
)
from experiment_cycle.decision.paired import PairedPredictions
from experiment_cycle.decision.records import TrackedEffect, Verdict

TWO_SIDED = 0.05

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


def judge(criterion: Criterion, paired: PairedPredictions, levels: Levels) -> Verdict:
    """Judge one criterion: met if lower bound > threshold, refuted if upper bound <= threshold.

    With fewer than 20 effective units it is undecided whatever the bounds.
    """
    effect = measure_effect(criterion, paired)
    lower, upper = effect.bounds(levels.lower, levels.upper)
    units = paired.units
    status = _status(lower, upper, criterion.threshold, units.effective)
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
        test=name_test(criterion, paired),
        rows=len(paired.rows),
        units=units.count,
        effective_units=units.effective,
        status=status,
        rows_needed=needed,
        note=_note(effect, units.effective),
    )


def track(name: str, paired: PairedPredictions) -> TrackedEffect:
    """Measure a metric that decides nothing: improvement with its two-sided 95 % interval."""
    effect = measure_effect(improvement(name), paired)
    lower, upper = effect.bounds(TWO_SIDED / 2.0, TWO_SIDED / 2.0)
    return TrackedEffect(
        metric=name,
        challenger=effect.challenger,
        incumbent=effect.incumbent,
        effect=effect.value,
        lower=lower,
        upper=upper,
    )


def _status(lower: float | None, upper: float | None, threshold: float, effective: float) -> Status:
    if lower is None or upper is None or effective < MIN_EFFECTIVE_UNITS:
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


def _note(effect: Effect, effective: float) -> str | None:
    notes = [effect.note] if effect.note else []
    if effective < MIN_EFFECTIVE_UNITS:
        notes.append(
            f"{effective:.1f} effective units; nothing is decided with fewer than "
            f"{MIN_EFFECTIVE_UNITS}"
        )
    return "; ".join(notes) or None
