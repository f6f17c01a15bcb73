"""What a hypothesis may demand, checked before any data is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiment_cycle.decision.criteria import check_hypothesis, list_criteria
from experiment_cycle.decision.spending import SPENT, granted_level
from experiment_cycle.errors import ConfigurationError
from experiment_cycle.hypothesis import Hypothesis


@pytest.fixture
def with_criteria(make_hypothesis: Callable[..., Hypothesis]) -> Callable[..., Hypothesis]:
    def make(primary: str = "roc_auc", *guardrails: dict[str, Any], **changes: Any) -> Hypothesis:
        first = {"metric": primary, "min_improvement": 0.01, "expected_improvement": 0.05}
        criteria = {"primary": first, "guardrails": list(guardrails)}
        return make_hypothesis(success_criteria=criteria, **changes)

    return make


def test_a_sound_hypothesis_passes(with_criteria: Callable[..., Hypothesis]) -> None:
    check_hypothesis(
        with_criteria(
            "log_loss",
            {"metric": "brier", "max_increase_ratio": 0.1},
            {"metric": "log_loss", "max": 0.7},
            {"metric": "recall", "max_decrease": 0.02},
            {"metric": "precision", "min": 0.5},
            {"metric": "f1", "require": "superior"},
        ),
        "classification",
    )


@pytest.mark.parametrize("place", ["primary", "guardrail", "tracked"])
def test_an_unknown_metric_is_named_with_its_near_miss(
    place: str, with_criteria: Callable[..., Hypothesis]
) -> None:
    hypothesis = {
        "primary": lambda: with_criteria("roc_acu"),
        "guardrail": lambda: with_criteria("f1", {"metric": "roc_acu", "max_decrease": 0.1}),
        "tracked": lambda: with_criteria(metrics_to_track=["roc_acu"]),
    }[place]()

    with pytest.raises(ConfigurationError, match=r"roc_acu.*Did you mean 'roc_auc'"):
        check_hypothesis(hypothesis, "classification")


@pytest.mark.parametrize(
    ("metric", "limit", "remedy"),
    [
        ("roc_auc", "max_increase", "max_decrease or min"),
        ("roc_auc", "max_increase_ratio", "max_decrease or min"),
        ("roc_auc", "max", "max_decrease or min"),
        ("log_loss", "max_decrease", "max or max_increase or max_increase_ratio"),
        ("log_loss", "min", "max or max_increase or max_increase_ratio"),
    ],
)
def test_a_limit_against_the_metrics_direction_is_refused_with_the_right_ones(
    metric: str, limit: str, remedy: str, with_criteria: Callable[..., Hypothesis]
) -> None:
    with pytest.raises(ConfigurationError, match=remedy) as caught:
        check_hypothesis(with_criteria("f1", {"metric": metric, limit: 0.1}), "classification")

    assert f"'{limit}'" in caught.value.message
    assert f"'{metric}'" in caught.value.message


def test_all_problems_are_said_at_once(with_criteria: Callable[..., Hypothesis]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_hypothesis(
            with_criteria(
                "f1",
                {"metric": "recall", "max_increase": 0.1},
                {"metric": "brier", "min": 0.1},
                alpha=0.001,
            ),
            "classification",
        )

    assert all(word in caught.value.message for word in ("recall", "brier", "alpha"))


def test_an_alpha_too_small_for_a_first_look_is_refused_and_the_one_it_names_is_not(
    with_criteria: Callable[..., Hypothesis],
) -> None:
    with pytest.raises(ConfigurationError, match=r"set alpha to 0\.0017 or more"):
        check_hypothesis(with_criteria(alpha=0.0016), "classification")

    check_hypothesis(with_criteria(alpha=0.0017), "classification")
    assert granted_level(0.0017, 1) >= SPENT


@given(better=st.floats(0.0, 1.0), worse=st.floats(0.0, 1.0))
def test_a_better_challenger_has_the_greater_effect_by_every_kind_of_limit(
    better: float, worse: float, with_criteria_once: Callable[..., Hypothesis]
) -> None:
    low, high = sorted((better, worse))
    hypothesis = with_criteria_once(
        "log_loss",
        {"metric": "log_loss", "max_increase": 0.1},
        {"metric": "brier", "max_increase_ratio": 0.1},
        {"metric": "brier", "max": 0.4},
        {"metric": "brier", "require": "superior"},
    )
    for criterion in list_criteria(hypothesis):
        assert criterion.effect(low, 0.5) >= criterion.effect(high, 0.5)
    rising = with_criteria_once("f1", {"metric": "f1", "min": 0.4})
    for criterion in list_criteria(rising):
        assert criterion.effect(high, 0.5) >= criterion.effect(low, 0.5)


@pytest.fixture(scope="module")
def with_criteria_once() -> Callable[..., Hypothesis]:
    def make(primary: str, *guardrails: dict[str, Any]) -> Hypothesis:
        first = {"metric": primary, "expected_improvement": 0.05}
        return Hypothesis.model_validate(
            {
                "id": "H",
                "statement": "s",
                "expected_outcome": "o",
                "success_criteria": {"primary": first, "guardrails": list(guardrails)},
            }
        )

    return make


@pytest.mark.parametrize(
    ("rail", "challenger", "incumbent", "holds"),
    [
        ({"metric": "log_loss", "max_increase": 0.02}, 0.519, 0.5, True),
        ({"metric": "log_loss", "max_increase": 0.02}, 0.521, 0.5, False),
        ({"metric": "recall", "max_decrease": 0.02}, 0.481, 0.5, True),
        ({"metric": "recall", "max_decrease": 0.02}, 0.479, 0.5, False),
        ({"metric": "brier", "max_increase_ratio": 0.1}, 0.219, 0.2, True),
        ({"metric": "brier", "max_increase_ratio": 0.1}, 0.221, 0.2, False),
        ({"metric": "brier", "max": 0.2}, 0.199, 0.9, True),
        ({"metric": "brier", "max": 0.2}, 0.201, 0.9, False),
        ({"metric": "recall", "min": 0.6}, 0.601, 0.9, True),
        ({"metric": "recall", "min": 0.6}, 0.599, 0.9, False),
        ({"metric": "recall", "require": "superior"}, 0.501, 0.5, True),
        ({"metric": "brier", "require": "superior"}, 0.501, 0.5, False),
    ],
)
def test_a_limit_holds_exactly_on_its_good_side(
    rail: dict[str, Any],
    challenger: float,
    incumbent: float,
    holds: bool,
    with_criteria: Callable[..., Hypothesis],
) -> None:
    criterion = list_criteria(with_criteria("f1", rail))[1]

    assert (criterion.effect(challenger, incumbent) > criterion.threshold) is holds


def test_the_primary_is_planned_at_its_expected_improvement_and_guardrails_at_no_difference(
    with_criteria: Callable[..., Hypothesis],
) -> None:
    primary, margin, ratio, limit, superior = list_criteria(
        with_criteria(
            "roc_auc",
            {"metric": "log_loss", "max_increase": 0.02},
            {"metric": "brier", "max_increase_ratio": 0.1},
            {"metric": "brier", "max": 0.25},
            {"metric": "recall", "require": "superior"},
        )
    )

    assert primary.planned_distance(0.7) == pytest.approx(0.05 - 0.01)
    assert margin.planned_distance(0.6) == pytest.approx(0.02)
    assert ratio.planned_distance(0.2) == pytest.approx(0.02)
    assert limit.planned_distance(0.2) == pytest.approx(0.05)
    assert superior.planned_distance(0.6) == 0.0
