"""What the trainings of one logical run, which differ in their seeds, say of each metric."""

from __future__ import annotations

import math
from dataclasses import dataclass

from experiment_cycle.decision.records import Comparison
from experiment_cycle.reporting.drawing import MARGIN, Axis
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.metric_terms import label
from experiment_cycle.reporting.numbers import number, rounded_alike, signed_as_precise
from experiment_cycle.training.records import SeedSpread


@dataclass(frozen=True)
class SeedLine:
    """One metric over the trainings of one logical run, with a place in percent for each."""

    name: str
    label: str
    part: str
    first: str
    """Of the challenger itself, which is the first of them."""
    mean: str
    deviation: str
    worst: str
    dots: tuple[float, ...]
    """The challenger's comes first."""


def seed_lines(report: Report) -> list[SeedLine]:
    """Write each metric over the seeds, on validation and on the test rows; none for one seed."""
    parts = {"validation": report.validation.seeds, "test": report.metrics.seeds}
    order = list(report.metrics.challenger)
    lines = [
        _seed_line(part, spread)
        for part, spreads in parts.items()
        for spread in spreads
        if len(spread.values) > 1
    ]
    return sorted(
        lines,
        key=lambda line: (
            order.index(line.name) if line.name in order else len(order),
            line.name,
            line.part == "test",
        ),
    )


def seed_range(comparison: Comparison) -> str:
    """Tell the primary metric's improvement over the seeds; empty for one seed.

    Returns:
        Such as ``0.021 on average, from -0.002 to 0.031``.
    """
    seeds = comparison.seeds
    if seeds is None or seeds.mean is None:
        return ""
    known = [effect for effect in seeds.effects if effect is not None]
    low, mean, high = rounded_alike(min(known), seeds.mean, max(known))
    return f"{mean} on average, from {low} to {high}"


def seed_sentence(comparison: Comparison) -> str:
    """Say what the seeds do to the primary metric's improvement; empty for one seed."""
    seeds, told = comparison.seeds, seed_range(comparison)
    if seeds is None or not told:
        return ""
    further = len(seeds.effects) - 1
    return (
        f"Over {further + 1} seeds, {label(seeds.metric)} improves by {told}, with a standard "
        f"deviation of {number(seeds.standard_deviation)}. The first alone is compared; "
        f"{round(further * seeds.flipped)} of {further} others have another sign."
    )


def _seed_line(part: str, spread: SeedSpread) -> SeedLine:
    known = [value for value in spread.values if math.isfinite(value)]
    axis = Axis.around(known, MARGIN)
    first, mean, worst = rounded_alike(spread.values[0], spread.mean, spread.worst)
    placed = (axis.place(value) for value in spread.values)
    return SeedLine(
        name=spread.metric,
        label=label(spread.metric),
        part=part,
        first=first,
        mean=mean,
        deviation=signed_as_precise(
            spread.standard_deviation, min(known, default=None), max(known, default=None)
        ).removeprefix("+"),
        worst=worst,
        dots=tuple(place for place in placed if place is not None),
    )
