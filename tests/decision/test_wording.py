"""Numbers and verdicts as people read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiment_cycle.decision.criteria import list_criteria
from experiment_cycle.decision.wording import confidence, describe_verdict, number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.000"),
        (1e-17, "0.000"),
        (-1e-17, "0.000"),
        (0.64, "0.640"),
        (-0.0312, "-0.031"),
        (0.00412, "0.0041"),
        (0.00031, "0.00031"),
        (12.3456, "12.346"),
    ],
)
def test_numbers_show_three_decimals_or_two_digits(value: float, text: str) -> None:
    assert number(value) == text


@given(st.floats(1e-5, 1e3))
def test_a_number_as_written_is_within_five_percent(value: float) -> None:
    assert float(number(value)) == pytest.approx(value, rel=0.051)


@pytest.mark.parametrize(
    ("level", "text"), [(0.0304, "97 %"), (0.025, "97.5 %"), (0.05, "95 %"), (0.00122, "99.9 %")]
)
def test_levels_are_written_as_confidence(level: float, text: str) -> None:
    assert confidence(level) == text


@pytest.mark.parametrize(
    ("rail", "words"),
    [
        ({"metric": "brier", "max": 0.9}, "it is on the good side of its limit by more than"),
        ({"metric": "brier", "max": 0.1}, "it is beyond its limit by more than"),
        ({"metric": "brier", "max_increase_ratio": 0.5}, "less than 1.5 times the incumbent's"),
        ({"metric": "f1", "max_decrease": 0.2}, "falls by less than 0.2"),
        ({"metric": "recall", "min": 0.99}, "the guardrail 'above 0.99' is refuted"),
    ],
)
def test_every_kind_of_limit_has_its_words(
    rail: dict[str, Any], words: str, case: Any, make_hypothesis: Callable[..., Any]
) -> None:
    primary = {"metric": "roc_auc", "expected_improvement": 0.05}
    case.hypothesis = make_hypothesis(success_criteria={"primary": primary, "guardrails": [rail]})
    verdict = case.compare().guardrails[0]

    assert words in describe_verdict(verdict, list_criteria(case.hypothesis)[1])


def test_an_undefined_metric_is_said_to_be_undefined(
    case: Any, make_hypothesis: Callable[..., Any]
) -> None:
    case.predictions["challenger"] *= 0.4
    primary = {"metric": "precision", "expected_improvement": 0.05}
    case.hypothesis = make_hypothesis(success_criteria={"primary": primary})
    told = describe_verdict(case.compare().primary, list_criteria(case.hypothesis)[0])

    assert told.startswith("Precision is not defined on these rows")
    assert "Challenger: " in told
