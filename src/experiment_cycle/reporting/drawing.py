"""Where the marks of an interval go on an axis that is as wide as the page allows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from experiment_cycle.decision.records import Verdict
from experiment_cycle.evaluation.records import Estimate

ROOM_FOR_LABELS = 0.36
"""Share of the drawn range that is left free on either side, so that labels fit."""
MARGIN = 0.08


@dataclass(frozen=True)
class Axis:
    """The range of values that is drawn."""

    low: float
    high: float

    @classmethod
    def around(cls, values: Sequence[float | None], margin: float) -> Axis:
        """Span all values that are known, with a share `margin` of the range free on each side."""
        known = [value for value in values if value is not None and math.isfinite(value)] or [0.0]
        low, high = min(known), max(known)
        room = (high - low) * margin or max(abs(high), 1.0) * margin
        return cls(low - room, high + room)

    def place(self, value: float | None) -> float | None:
        """Give the position in percent of the width; None where there is no value."""
        if value is None or not math.isfinite(value):
            return None
        return round(100.0 * (value - self.low) / (self.high - self.low), 2)


@dataclass(frozen=True)
class Span:
    """An interval and its estimate, in percent of the width."""

    lower: float | None
    middle: float | None
    upper: float | None

    @classmethod
    def of(cls, axis: Axis, estimate: Estimate) -> Span:
        """Place an estimate with its interval."""
        return cls(
            axis.place(estimate.lower), axis.place(estimate.value), axis.place(estimate.upper)
        )


@dataclass(frozen=True)
class VerdictDrawing:
    """A verdict's effect between its bounds, against what it must exceed; in percent."""

    effect: Span
    threshold: float
    expected: float | None


def draw_verdict(verdict: Verdict, expected: float | None) -> VerdictDrawing | None:
    """Place a verdict on an axis of its own; None where the effect is not defined.

    Args:
        verdict: What was found.
        expected: The improvement the hypothesis claims, for the primary criterion.
    """
    if verdict.effect is None:
        return None
    marks = [verdict.effect, verdict.lower, verdict.upper, verdict.threshold, expected]
    axis = Axis.around(marks, ROOM_FOR_LABELS)
    return VerdictDrawing(
        Span(axis.place(verdict.lower), axis.place(verdict.effect), axis.place(verdict.upper)),
        axis.place(verdict.threshold) or 0.0,
        axis.place(expected),
    )


def draw_estimates(estimates: Sequence[Estimate]) -> list[Span]:
    """Place estimates on one axis that they share."""
    axis = _shared(estimates)
    return [Span.of(axis, estimate) for estimate in estimates]


def draw_against(
    estimates: Sequence[Estimate], reference: float | None
) -> tuple[list[Span], float | None]:
    """Place estimates on one axis that they share with a reference value."""
    axis = _shared([*estimates, Estimate(value=reference)])
    return [Span.of(axis, estimate) for estimate in estimates], axis.place(reference)


def _shared(estimates: Sequence[Estimate]) -> Axis:
    marks = [mark for found in estimates for mark in (found.lower, found.value, found.upper)]
    return Axis.around(marks, MARGIN)
