"""Where the marks of a drawing go that is as wide as the page allows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from experiment_cycle.decision.records import Verdict
from experiment_cycle.evaluation.records import Estimate

ROOM_FOR_LABELS = 0.36
"""Share of the drawn range that is left free on either side, so that labels fit."""
MARGIN = 0.08
BOX_WIDTH, BOX_HEIGHT = 100, 24
"""The box that small histograms are drawn in, whatever its size on the page."""
LEAST_BARS = 6
BAR_SHARE = 0.8
"""Two levels are drawn no wider than six; a fifth of the room is left between two bars."""


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

    Where one of both bounds is not known, the bar reaches to that end of the axis.

    Args:
        verdict: What was found.
        expected: The improvement the hypothesis claims, for the primary criterion.
    """
    if verdict.effect is None:
        return None
    marks = [verdict.effect, verdict.lower, verdict.upper, verdict.threshold, expected]
    axis = Axis.around(marks, ROOM_FOR_LABELS)
    lower, upper = axis.place(verdict.lower), axis.place(verdict.upper)
    if lower is None and upper is not None:
        lower = 0.0
    if upper is None and lower is not None:
        upper = 100.0
    return VerdictDrawing(
        Span(lower, axis.place(verdict.effect), upper),
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


@dataclass(frozen=True)
class Bar:
    """A number of rows, and beside it those that were lost; in percent of the width."""

    start: float
    width: float
    lost: float

    @classmethod
    def of(cls, start: int, count: int, lost: int, widest: int) -> Bar:
        """Scale to the widest of all bars that are drawn below each other."""
        return cls(*(round(100.0 * number / max(1, widest), 2) for number in (start, count, lost)))


def draw_histogram(edges: Sequence[float] | Sequence[str], counts: Sequence[int]) -> str:
    """Draw a histogram as one SVG path, `BOX_WIDTH` wide and `BOX_HEIGHT` high.

    Areas are in proportion to the counts, whatever the widths of the bins, except that a bin with
    few values is still seen.

    Args:
        edges: One more than there are bins, rising: numbers, or times as ISO 8601.
        counts: The values in each bin.
    """
    at = [_moment(edge) for edge in edges]
    whole = at[-1] - at[0]
    widths = [(after - before) / whole if whole else 1.0 for before, after in pairwise(at)]
    densities = [
        count / width if width else 0.0 for count, width in zip(counts, widths, strict=True)
    ]
    path, x = f"M0 {BOX_HEIGHT}", 0.0
    for width, height in zip(widths, _heights(densities), strict=True):
        x += width * BOX_WIDTH
        path += f"V{BOX_HEIGHT - height:g}H{round(x, 1):g}"
    return f"{path}V{BOX_HEIGHT}Z"


def draw_frequencies(counts: Sequence[int]) -> str:
    """Draw counts of values that have no order as bars with gaps, in one path like the other."""
    if not counts:
        return ""
    room = BOX_WIDTH / max(len(counts), LEAST_BARS)
    return "".join(
        f"M{round(place * room, 1):g} {BOX_HEIGHT}v{-height:g}"
        f"h{round(room * BAR_SHARE, 1):g}v{height:g}z"
        for place, height in enumerate(_heights(counts))
    )


def _heights(sizes: Sequence[float]) -> list[float]:
    """Scale to the box; what is there at all is at least one unit high."""
    most = max(sizes, default=0.0) or 1.0
    return [round(max(1.0, BOX_HEIGHT * size / most), 1) if size else 0.0 for size in sizes]


def _moment(edge: float | str) -> float:
    if not isinstance(edge, str):
        return float(edge)
    moment = datetime.fromisoformat(edge)
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return aware.timestamp()
