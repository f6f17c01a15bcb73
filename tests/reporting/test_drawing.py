from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiment_cycle.decision.records import Verdict
from experiment_cycle.evaluation.records import Estimate
from experiment_cycle.reporting.drawing import (
    Bar,
    draw_against,
    draw_estimates,
    draw_frequencies,
    draw_histogram,
    draw_verdict,
)

ANY = st.floats(-1e6, 1e6).map(lambda value: round(value, 6))


def verdict(effect: float | None, lower: float | None, upper: float | None) -> Verdict:
    return Verdict(
        criterion="primary",
        metric="roc_auc",
        requirement="rises by more than 0",
        challenger=0.7,
        incumbent=0.6,
        effect=effect,
        threshold=0.0,
        lower=lower,
        upper=upper,
        lower_level=0.05,
        upper_level=0.05,
        p_value=None,
        test="t",
        rows=100,
        units=100,
        effective_units=100.0,
        enough_units=True,
        status="undecided",
    )


@given(ANY, st.floats(1e-4, 1e3), st.floats(1e-4, 1e3), st.floats(1e-3, 1e3))
def test_every_mark_of_a_verdict_is_on_the_page_in_its_order(
    effect: float, below: float, above: float, expected: float
) -> None:
    drawn = draw_verdict(verdict(effect, effect - below, effect + above), expected)
    assert drawn is not None
    marks = (drawn.effect.lower, drawn.effect.middle, drawn.effect.upper)
    assert all(mark is not None and 0.0 <= mark <= 100.0 for mark in (*marks, drawn.expected))
    assert list(marks) == sorted(marks, key=lambda mark: mark or 0.0)
    assert drawn.expected is not None
    assert 0.0 <= drawn.threshold <= drawn.expected
    assert (effect > 0.0) == (marks[1] > drawn.threshold) or marks[1] == drawn.threshold  # type: ignore[operator]


def test_an_undefined_effect_has_no_drawing() -> None:
    assert draw_verdict(verdict(None, None, None), 0.04) is None


def test_an_effect_without_bounds_is_a_dot() -> None:
    drawn = draw_verdict(verdict(0.02, None, None), 0.04)
    assert drawn is not None
    assert (drawn.effect.lower, drawn.effect.upper) == (None, None)
    assert drawn.effect.middle is not None


def test_estimates_share_one_axis() -> None:
    first, second = draw_estimates(
        [
            Estimate(value=0.5, lower=0.4, upper=0.6),
            Estimate(value=0.6, lower=0.5, upper=0.7),
        ]
    )
    assert first.upper == second.middle
    assert first.middle == second.lower


def test_a_reference_is_on_the_same_axis_as_the_estimates() -> None:
    spans, reference = draw_against([Estimate(value=0.5, lower=0.4, upper=0.6)], 0.5)
    assert reference == spans[0].middle


@pytest.mark.parametrize("value", [0.0, 0.5, -3.0, 1e9])
def test_a_single_value_is_in_the_middle(value: float) -> None:
    (span,) = draw_estimates([Estimate(value=value)])
    assert span.middle == pytest.approx(50.0, abs=0.01)


def test_an_undefined_estimate_is_not_drawn() -> None:
    (span,) = draw_estimates([Estimate(value=None, note="one class")])
    assert (span.lower, span.middle, span.upper) == (None, None, None)


def bins(path: str) -> list[tuple[float, float, float]]:
    """Read a histogram's path back: where each bin begins, how wide and how high it is."""
    start, *steps, end = re.findall(r"M0 24|V[\d.]+H[\d.]+|V24Z", path)
    assert (start, end) == ("M0 24", "V24Z")
    assert start + "".join(steps) + end == path
    corners = [(0.0, 0.0)]
    for step in steps:
        y, x = step[1:].split("H")
        corners.append((float(x), 24.0 - float(y)))
    return [(left, right - left, height) for (left, _), (right, height) in pairwise(corners)]


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 10_000)), min_size=1, max_size=40))
def test_the_areas_of_a_histogram_are_its_counts(parts: list[tuple[int, int]]) -> None:
    edges = [0.0]
    for width, _ in parts:
        edges.append(edges[-1] + width)
    drawn = bins(draw_histogram(edges, [count for _, count in parts]))

    assert len(drawn) == len(parts)
    densest = max(count / width for width, count in parts) or 1.0
    for (left, _, height), (width, count), edge in zip(drawn, parts, edges, strict=False):
        assert left == pytest.approx(100.0 * edge / edges[-1], abs=0.051)
        expected = 24.0 * count / width / densest
        assert height == pytest.approx(max(expected, 1.0) if count else 0.0, abs=0.051)


def test_times_are_placed_by_how_long_they_are_apart() -> None:
    drawn = bins(draw_histogram(["2024-01-01", "2024-01-04", "2024-01-05T00:00:00"], [3, 1]))
    assert [width for _, width, _ in drawn] == [75.0, 25.0]
    assert [height for _, _, height in drawn] == [24.0, 24.0]
    with_zone = draw_histogram(["2024-01-01T00:00:00+01:00", "2024-01-02T00:00:00+01:00"], [3])
    assert [width for _, width, _ in bins(with_zone)] == [100.0]


def test_a_column_of_one_value_fills_the_box() -> None:
    assert bins(draw_histogram([5.0, 5.0], [9])) == [(0.0, 100.0, 24.0)]


def test_frequencies_are_bars_with_gaps_that_stay_in_the_box() -> None:
    path = draw_frequencies([10, 5, 0])
    found = re.findall(r"M([\d.]+) 24v-?([\d.]+)h([\d.]+)v([\d.]+)z", path)
    bars = [tuple(map(float, bar)) for bar in found]
    assert [(up, down) for _, up, _, down in bars] == [(24.0, 24.0), (12.0, 12.0), (0.0, 0.0)]
    assert all(after[0] > before[0] + before[2] for before, after in pairwise(bars))
    wide = re.findall(r"M([\d.]+) 24v-[\d.]+h([\d.]+)", draw_frequencies([1] * 10))
    assert all(float(x) + float(width) <= 100.0 for x, width in wide)
    assert draw_frequencies([]) == ""


def test_a_bar_and_what_was_lost_are_on_one_scale() -> None:
    assert Bar.of(0, 30, 10, 40) == Bar(start=0.0, width=75.0, lost=25.0)
    assert Bar.of(0, 0, 0, 0) == Bar(start=0.0, width=0.0, lost=0.0)
