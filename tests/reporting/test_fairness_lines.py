"""What is said of weak slices, gaps and fairer alternatives."""

from __future__ import annotations

from collections.abc import Callable

from experiment_cycle.evaluation.records import Mitigation, WeakSlices
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.fairness_lines import (
    alternatives,
    gap_lines,
    mitigation_sentence,
    weak_sentence,
)
from experiment_cycle.reporting.html import render_html
from experiment_cycle.reporting.markdown import render_markdown
from experiment_cycle.reporting.options import ReportingOptions


def test_confirmed_slices_are_counted_and_the_rest_is_not_hidden(
    report_of: Callable[[str], Report],
) -> None:
    found = report_of("promoted").weak_slices
    assert weak_sentence(found).startswith("One weak slice is confirmed: 1,234 slices")
    assert "at most 5 %" in weak_sentence(found)
    none = found.model_copy(update={"slices": found.slices[1:]})
    assert weak_sentence(none).startswith("No weak slice is confirmed")
    assert weak_sentence(none).endswith("where none held.")
    nothing = found.model_copy(update={"slices": ()})
    assert weak_sentence(nothing).endswith("none looked weak.")
    off = WeakSlices(loss="log loss", alpha=0.05, note="not searched: 4 units are too few")
    assert weak_sentence(off) == "Weak slices were not searched for: 4 units are too few."


def test_differences_and_ratios_stand_side_by_side(report_of: Callable[[str], Report]) -> None:
    parity, odds = gap_lines(report_of("promoted").fairness.columns[0])
    assert (parity.label, odds.label) == ("demographic parity", "equalized odds")
    assert parity.difference is not None
    assert parity.difference.value == 0.05
    assert parity.ratio is not None
    assert odds.ratio is not None
    assert odds.ratio.value is None


def test_an_alternative_says_that_it_decides_nothing(report_of: Callable[[str], Report]) -> None:
    found = report_of("promoted").mitigation
    assert "It changes nothing in the decision." in mitigation_sentence(found)
    assert [each.name for each in alternatives(found)][:2] == ["challenger", "incumbent"]
    none = Mitigation(method="none", constraint="equalized_odds", objective="accuracy", gap="x")
    assert mitigation_sentence(none) == ""
    told = none.model_copy(update={"note": "there is no test set"})
    assert mitigation_sentence(told) == "No fairer alternative was made: there is no test set."


def test_page_and_twin_put_confirmed_slices_first_and_say_not_defined_once(
    report_of: Callable[[str], Report],
) -> None:
    report, options = report_of("promoted"), ReportingOptions()
    markdown, page = render_markdown(report, options), render_html(report, options)
    for text in (markdown, page):
        assert text.index("One weak slice is confirmed") < text.index("hlthp: 1")
        assert "they prove nothing" in text or "which prove nothing" in text
        assert "gap of 0.01 allowed" in text
        assert "not defined: not defined" not in text
    assert "not defined: a rate is 0 in every group" in markdown
    assert "idp: 0 and hlthp: 1" not in markdown
