from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiment_cycle.decision.records import Verdict
from experiment_cycle.evaluation.records import Estimate
from experiment_cycle.reporting.drawing import draw_against, draw_estimates, draw_verdict

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
