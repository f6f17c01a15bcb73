from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from tests.reporting.problem_types import SCRIPT

from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.html import render_html
from experiment_cycle.reporting.markdown import render_markdown
from experiment_cycle.reporting.options import ReportingOptions

OPTIONS = ReportingOptions()
ReportOf = Callable[[str], Report]
BINARY_ONLY = ("positive class", "called positive", "false positive rate", "nan", "None")

SHOWN = {
    "multiclass": [
        "classification, 3 classes",
        "0.840 (0.798 to 0.882)",
        "&lt;script&gt;",
        "called setosa",
        "virginica (2 rows)",
        "90.9 %",
        "setosa (the truth: 0.045)",
        "the class it calls",
    ],
    "regression": [
        "123,500 (117,300 to 129,600)",
        "1.524e+10 (1.448e+10 to 1.600e+10)",
        "Gaps between the groups of physical_limitation",
        "mean of the target",
        "286,000",
        "absolute error",
        "the number it predicts",
        "rows that stand alone",
    ],
    "ranking": [
        "in 757 queries",
        "mean reciprocal rank",
        "precision at 5",
        "Not sliced, because their values differ within queries: cost",
        "1 - NDCG at 10 challenger puts first most relevant baseline puts first",
        "not compared: it differs",
        "It was fitted at once.",
        "100 queries",
    ],
}


def body(report: Report) -> str:
    """The page without style, scripts and explanations, its spaces alike."""
    page = re.sub(r"<(style|script)\b.*?</\1>", "", render_html(report, OPTIONS), flags=re.S)
    page = re.sub(r' title="[^"]*"', "", page.partition('<section id="words">')[0])
    return page.replace("\u00a0", " ")


@pytest.mark.parametrize("name", list(SHOWN))
def test_a_page_shows_what_its_problem_has_and_nothing_of_two_classes(
    name: str, report_of: ReportOf
) -> None:
    page = re.sub(r"<[^>]*>", " ", body(report_of(name)))
    told = " ".join(page.split())
    for text in SHOWN[name]:
        assert text in told
    for text in BINARY_ONLY:
        assert not re.search(rf"\b{text}\b", told)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("multiclass", [r"| \<script\> | 20 (87.0 %) | 3 (13.0 %) | 0 (0 %) |"]),
        ("regression", ["mean 11.24, from 0 to 58.6", "| MAE | 45,700 (43,400 to 48,000) |"]),
        ("ranking", ["in 757 queries", "cost", "**physlm**", "not compared: it differs"]),
        ("seeded", ["| ROC AUC | test | 0.668 | 0.663 | 0.013 | 0.640 |", "| 40 % | 5,653 |"]),
        ("promoted", ["called False", "0.42 on by the challenger, of 0.5 on by the baseline"]),
    ],
)
def test_the_markdown_twin_shows_it_too(name: str, shown: list[str], report_of: ReportOf) -> None:
    markdown = render_markdown(report_of(name), OPTIONS)
    for text in shown:
        assert text in markdown


def test_a_class_called_like_a_tag_is_shown_and_never_one(report_of: ReportOf) -> None:
    report = report_of("multiclass")
    assert SCRIPT in report.metrics.classes
    page = render_html(report, OPTIONS)
    plain = render_html(report_of("promoted"), OPTIONS)
    assert page.count("<script") == plain.count("<script")
    assert page.count("&lt;script&gt;") >= len(("validation", "challenger", "baseline")) * 3


def test_levels_of_a_number_are_not_listed(report_of: ReportOf) -> None:
    page = body(report_of("regression"))
    assert "rarer levels" not in page
    assert len(page) < 200_000


def test_words_are_those_of_the_problem(report_of: ReportOf) -> None:
    def words(name: str) -> str:
        return render_html(report_of(name), OPTIONS).partition('<section id="words">')[2]

    assert "<dt>RMSE</dt>" in words("regression")
    assert "<dt>NDCG at 10</dt>" in words("ranking")
    assert "<dt>RMSE</dt>" not in words("ranking")
    assert "<dt>ROC AUC</dt>" not in words("regression")


def test_seeds_are_on_the_page(report_of: ReportOf) -> None:
    page = body(report_of("seeded"))
    assert "The challenger and its further seeds" in page
    assert page.count('class="dots"') == len(("validation", "test"))
    assert "Would more data help?" in page
    assert "The challenger and its further seeds" not in body(report_of("promoted"))
