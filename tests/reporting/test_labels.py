"""What is named on the page, and what it is not mistaken for."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from experiment_cycle.evaluation.records import Estimate, Mitigation, TradeOff
from experiment_cycle.metrics.units import UnitName
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.fairness_lines import alternatives, mitigation_sentence
from experiment_cycle.reporting.metric_terms import label
from experiment_cycle.reporting.terms import in_units
from experiment_cycle.reporting.what_if_lines import counterfactual_sentence


def trade_off(name: str, gap: float, share: float | None = None) -> TradeOff:
    return TradeOff(name=name, objective=Estimate(value=0.7), gap=Estimate(value=gap), share=share)


def mitigation(*gaps: float) -> Mitigation:
    return Mitigation(
        method="threshold_optimizer",
        constraint="equalized_odds",
        column="sex",
        objective="accuracy",
        gap="equalized_odds_difference",
        models=(trade_off("challenger", 0.04), trade_off("incumbent", 0.02)),
        points=tuple(
            trade_off("x", gap, share) for gap, share in zip(gaps, (1.0, 2 / 3), strict=True)
        ),
    )


def test_mixed_alternatives_say_of_what_and_how() -> None:
    names = [each.name for each in alternatives(mitigation(0.01, 0.02))]
    assert names[2:] == [
        "fairer calls for all rows",
        "fairer calls for 66.7 % of the rows, drawn at random",
    ]


@pytest.mark.parametrize(
    ("gaps", "told"),
    [
        ((0.01, 0.02), ""),
        ((0.09, 0.02), "1 of 2 have a larger gap on the test rows than the challenger (0.04)"),
        ((0.09, 0.06), "All of them have a larger gap on the test rows than the challenger (0.04)"),
    ],
)
def test_a_gap_that_became_larger_is_said(gaps: tuple[float, float], told: str) -> None:
    sentence = mitigation_sentence(mitigation(*gaps))
    assert told in sentence
    assert ("larger gap" in sentence) is bool(told)


def test_a_metric_of_ones_own_does_not_pass_for_one_of_the_project() -> None:
    assert label("sklearn.metrics.mean_pinball_loss:lower") == "mean pinball loss (own)"
    assert label("log_loss") == "log loss"


@pytest.mark.parametrize(
    ("unit", "told", "rows"),
    [
        ("row", "the most wrong. The", ", each by itself"),
        ("group", "each of another group. The", ", in 7 groups"),
        ("query", "each of another query. The", ", in 7 queries"),
    ],
)
def test_groups_are_spoken_of_only_where_there_are_any(
    unit: UnitName, told: str, rows: str, report_of: Callable[[str], Report]
) -> None:
    report = report_of("promoted")
    metrics = report.metrics.model_copy(update={"unit": unit})
    assert told in counterfactual_sentence(dataclasses.replace(report, metrics=metrics))
    assert in_units(unit, 7) == rows
