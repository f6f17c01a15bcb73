"""What the report says of single rows, in both of its forms."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from experiment_cycle.evaluation.errors.drift import TestDrift as Drift
from experiment_cycle.reporting.disagreement_lines import (
    broken_case_table,
    broken_slice_rows,
    broken_slices_sentence,
    disagreement_sentence,
)
from experiment_cycle.reporting.doubt_lines import (
    drift_rows,
    drift_sentence,
    label_sentence,
    suspected_table,
)
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.failure_lines import (
    explanation_sentences,
    failure_lines,
    failure_titles,
    input_table,
)
from experiment_cycle.reporting.html import render_html
from experiment_cycle.reporting.markdown import render_markdown
from experiment_cycle.reporting.options import ReportingOptions

Reports = Callable[[str], Report]


def test_a_failure_case_says_what_came_true_and_why(report_of: Reports) -> None:
    report = report_of("promoted")

    first, second, *_ = failure_lines(report, 10)

    assert failure_titles(report)[2:] == ("challenger says", "truth", "baseline says")
    assert (first.name, first.says, first.truth, first.incumbent) == ("100", "0.96", "False", "0.9")
    assert [(d.feature, d.value, d.contribution) for d in first.drivers] == [
        ("disea", "58.6", "+0.58"),
        ("hlthp", "missing", "-0.25"),
        ("name", "<b>x", "+0.1"),
    ]
    assert first.neighbours == ("True", "True", "True")
    assert first.contradicted
    assert second.neighbours == ("False", "True", "False")
    assert not second.contradicted
    assert (
        "log odds of the positive class, before it was calibrated"
        in explanation_sentences(report)[0]
    )
    assert "of 10,000 drawn" in explanation_sentences(report)[1]


def test_the_inputs_are_the_rows_own_columns(report_of: Reports) -> None:
    report = report_of("promoted")

    titles, rows = input_table(report, report.failures, 2)

    assert titles == ["row", "any_visit", "lncoins", "disea", "hlthp"]
    assert rows[0] == ["100", "False", "4.615", "58.6", "1"]


def test_a_query_is_one_line_with_what_put_the_first_row_ahead(report_of: Reports) -> None:
    report = report_of("ranking")

    (line,) = failure_lines(report, 10)

    assert line.name == "12"
    assert [row[0] for row in input_table(report, report.failures, 1)[1]] == ["5", "6"]
    assert line.says == "row 5 (relevance 0)"
    assert line.truth == "row 6 (relevance 2), place 2"
    assert line.incumbent == "row 5 (relevance 0)"
    assert (line.drivers[0].value, line.drivers[0].contribution) == ("58.6, not 58.6", "-0.58")
    assert line.neighbours == ("1", "2", "3")


def test_what_cannot_be_explained_says_so(report_of: Reports) -> None:
    report = report_of("multiclass")

    assert failure_lines(report, 1)[0].drivers == ()
    assert failure_lines(report, 1)[0].says == "setosa (the truth: 0.045)"
    assert explanation_sentences(report) == ["No exact ones.", "No rows."]


@pytest.mark.parametrize(
    ("variant", "expected"),
    [
        ("promoted", "fixed 180 (in 43 groups) that the baseline got wrong, and broke 110 (in 35"),
        ("multiclass", "Both are right on 60, both wrong on 20."),
        ("regression", "closer than the baseline by more than 1,234 (a tenth of the baseline's"),
        ("ranking", "Of 100 queries, the challenger orders 12 better than the baseline, and 8"),
    ],
)
def test_disagreement_is_one_sentence(variant: str, expected: str, report_of: Reports) -> None:
    sentence = disagreement_sentence(report_of(variant))

    assert expected in sentence
    assert "Fixed less broken: +2.3 % of the" in sentence
    assert "(0.6 to 4.0)" in sentence


def test_broken_slices_stand_against_the_others(report_of: Reports) -> None:
    report = report_of("promoted")

    assert "Of 26 levels of columns, 1 have a greater share" in broken_slices_sentence(
        report.disagreement
    )
    assert broken_slice_rows(report.disagreement) == [["idp: 0", "700", "10 %", "3 %", "5 %"]]
    assert broken_case_table(report, 5) == (
        ["row", "loss grew by", "challenger says", "truth", "baseline says", "disea"],
        [["7", "1.25", "0.9", "False", "0.4", "58.6"]],
    )
    none = report.disagreement.model_copy(update={"slices": ()})
    assert broken_slices_sentence(none).startswith("None of 26 levels")


@pytest.mark.parametrize(
    ("variant", "expected"),
    [
        ("promoted", "no more than chance: nothing points to wrong labels"),
        ("multiclass", "About less than one would be if every label were right"),
        ("multiclass", "There are more than that (p < 0.001): wrong labels, or probabilities"),
        ("multiclass", "Validation was left out"),
        ("regression", "2 errors are greater than 3.9 times the usual one"),
        ("ranking", "nothing was looked for"),
    ],
)
def test_suspected_labels_stand_against_chance(
    variant: str, expected: str, report_of: Reports
) -> None:
    assert expected in label_sentence(report_of(variant))


def test_drift_names_the_columns_that_differ(report_of: Reports) -> None:
    report = report_of("promoted")

    assert drift_sentence(report.test_drift).endswith("1 differ, over all columns: disea.")
    assert drift_rows(report.test_drift) == [
        ["disea", "0.21", "median", "10.58", "13.7", "0.010", "differs"],
        ["any_visit (target)", "0.024", "share of False", "30.5 %", "28.1 %", "1.000", ""],
    ]
    alike = report.test_drift.model_copy(update={"columns": report.test_drift.columns[1:]})
    assert "None is distributed otherwise" in drift_sentence(alike)
    assert drift_sentence(
        Drift(columns=(), unit="row", train_units=0, test_units=0, note="N.")
    ) == ("N.")


def test_page_and_twin_say_both(report_of: Reports) -> None:
    report, options = report_of("promoted"), ReportingOptions()
    page, twin = render_html(report, options), render_markdown(report, options)

    assert suspected_table(report, 5)[1][0][:4] == ["9", "test", "False", "True"]
    for text in ("Fixed less broken: +2.3 %", "nothing points to wrong labels", "columns: disea"):
        assert text in page
        assert text in twin
    assert "none like this row" in page
    assert "disea 58.6 (+0.58)" in twin
    assert "<b>x" not in page


def test_no_failure_case_is_shown_where_none_is_asked_for(
    collected: Callable[..., Report], evidence: dict[str, Any]
) -> None:
    evidence["failure_cases"] = pd.DataFrame(columns=evidence["failure_cases"].columns)

    assert failure_lines(collected(evidence), 10) == []
