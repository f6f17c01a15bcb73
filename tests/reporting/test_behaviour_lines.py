"""Edge cases, expectations, costs and errors as the page and its twin show them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.reporting import behaviour_evidence as made

from experiment_cycle.reporting.behaviour_lines import (
    behaviour_lines,
    case_lines,
    edge_sentence,
    failed_cases,
)
from experiment_cycle.reporting.cost_lines import call_cost_sentence, prediction_cost_lines
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.html import render_html
from experiment_cycle.reporting.markdown import render_markdown
from experiment_cycle.reporting.options import ReportingOptions
from experiment_cycle.reporting.residual_lines import residual_lines

OPTIONS = ReportingOptions()


def test_what_failed_comes_first_and_what_passed_is_counted() -> None:
    found = made.edge_cases()

    assert edge_sentence(found).startswith("The challenger passed 4 of 5 edge cases")
    assert failed_cases(found) == [
        (
            "infinite",
            "<i>idp",
            "predictions in range, or an error that names the column",
            "ValueError: <b>inf</b>",
        )
    ]
    lines = {line.case: line for line in case_lines(found)}
    assert lines["a missing value"].passed == "2 of 2"
    assert lines["a missing value"].did == "predicted, moved by up to 0.11 (<i>idp)"
    assert (lines["infinite"].passed, lines["infinite"].did) == ("0 of 1", "crashed")


def test_all_passed_and_columns_left_out_are_said() -> None:
    found = made.edge_cases(passed=5, failed=0, left_out=("x30", "x31"))

    assert "passed all 5 edge cases" in edge_sentence(found)
    assert "2 further columns were not tried one by one." in edge_sentence(found)


def test_an_expectation_that_fails_comes_first_with_its_worst_rows() -> None:
    failed, passed = behaviour_lines(made.behaviour())

    assert (failed.status, passed.status) == ("failed", "passed")
    assert failed.holds == "81.0 (77.0 to 84.0) %"
    assert failed.examples == ("row 17: idp 0 to idp missing, 0.61 to 0.42",)
    assert (passed.needed, passed.examples) == ("95 %", ())


def test_the_cost_of_predicting_has_the_ratio_beside_the_median() -> None:
    lines = prediction_cost_lines(made.prediction_cost())

    assert lines[0] == ("one row, median", "2.1 ms", "1.05 ms", "2.00 (1.90 to 2.10)")
    assert lines[2][0] == "1,000 rows, median"
    assert lines[-1] == ("size of the file", "1.25 MB", "48 kB", "")


def test_questions_about_errors_are_answered_in_words() -> None:
    spread, features, sequence, shape = residual_lines(made.residuals())

    assert spread[1].startswith("Yes: off by 2.197")
    assert spread[2] == "< 0.001"
    assert features[1].startswith("Yes, 1 of 2: <i>disea (0.4 % of their variance)")
    assert sequence[1].startswith("Not tested: rows have no order")
    assert "excess kurtosis +60.4" in shape[1]
    assert residual_lines(None) == []


def test_what_wrong_calls_cost_is_said_where_one_kind_is_dearer(
    collected: Callable[..., Report], evidence: dict[str, Any]
) -> None:
    dearer = evidence | {"call_costs": made.call_costs(4.0).model_dump(mode="json")}

    assert call_cost_sentence(collected(evidence)) == ""
    told = call_cost_sentence(collected(dearer))
    assert told.startswith("Wrong calls cost 0.410 (0.390 to 0.430) a test row by the challenger")
    assert "a false negative 4." in told
    assert told in render_html(collected(dearer), OPTIONS)
    assert told in render_markdown(collected(dearer), OPTIONS)


def test_a_regression_shows_its_errors(
    collected: Callable[..., Report], evidence: dict[str, Any]
) -> None:
    analysis = {"residuals": made.residuals().model_dump(mode="json"), "note": None}
    report = collected(evidence | {"residuals": analysis})

    page, twin = render_html(report, OPTIONS), render_markdown(report, OPTIONS)

    assert "Do features still tell of them?" in page
    assert "&lt;i&gt;disea (0.4 % of their variance)" in page
    assert "Do features still tell of them?" in twin
    assert "<i>" not in twin


def test_page_and_twin_escape_what_comes_from_data(
    collected: Callable[..., Report], evidence: dict[str, Any]
) -> None:
    report = collected(evidence)
    page, twin = render_html(report, OPTIONS), render_markdown(report, OPTIONS)

    assert "&lt;b&gt;a plan&lt;/b&gt; does not matter" in page
    assert "ValueError: &lt;b&gt;inf&lt;/b&gt;" in page
    assert "<b>inf</b>" not in page
    assert "## Edge cases and behaviour" in twin
    assert "<b>" not in twin
    assert "passed 4 of 5 edge cases" in twin
