"""What the report says of counterfactuals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.reporting.conftest import counterfactuals

from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.html import render_html
from experiment_cycle.reporting.markdown import render_markdown
from experiment_cycle.reporting.options import ReportingOptions
from experiment_cycle.reporting.what_if_lines import counterfactual_sentence, counterfactual_table

Collected = Callable[..., Report]
OPTIONS = ReportingOptions()


def with_counterfactuals(collected: Collected, evidence: Any, **changes: Any) -> Report:
    record = counterfactuals(**changes).model_dump(mode="json")
    return collected(evidence | {"counterfactuals": record})


def test_a_row_says_what_would_have_to_change(collected: Collected, evidence: Any) -> None:
    report = with_counterfactuals(collected, evidence)

    titles, rows = counterfactual_table(report)

    assert titles[-2:] == ["probability", "if"]
    assert rows == [
        ["7341", "True", "False", "True", "0.4193 → 0.6207", "lpi: 5.01063 → <b>5.6</b>"]
    ]
    sentence = counterfactual_sentence(report)
    assert sentence.startswith("861 of 3,032 test rows looked at are called wrongly")
    assert "physical_limitation may not change." in sentence
    assert "For 2 more no training row nearby" in sentence


def test_values_from_data_are_escaped(collected: Collected, evidence: Any) -> None:
    report = with_counterfactuals(collected, evidence)

    assert "<b>5.6</b>" not in render_html(report, OPTIONS)
    assert "<b>5.6</b>" not in render_markdown(report, OPTIONS)


def test_where_there_are_none_it_says_why(collected: Collected, evidence: Any) -> None:
    report = with_counterfactuals(collected, evidence, found=[], note="A score has no other side.")

    assert counterfactual_table(report) == ([], [])
    assert "A score has no other side." in render_html(report, OPTIONS)
    assert "A score has no other side." in render_markdown(report, OPTIONS)
