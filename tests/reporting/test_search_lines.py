from __future__ import annotations

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
import pytest

from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.html import render_html
from experiment_cycle.reporting.markdown import render_markdown
from experiment_cycle.reporting.options import ReportingOptions
from experiment_cycle.reporting.search_lines import (
    score_lines,
    score_sentence,
    search_facts,
    search_notes,
    varied_lines,
)

ReportOf = Callable[[str], Report]
Searched = Callable[..., Report]
OPTIONS = ReportingOptions()
RATIO = {"type": "float", "low": 0.1, "high": 0.9, "step": 0.2, "when": {"penalty": ["l1", None]}}
PENALTY = {"type": "categorical", "choices": ["l1", None, [64, 32]]}


@pytest.fixture
def searched(evidence: dict[str, Any], collected: Callable[..., Report]) -> Searched:
    """Make the report of a promoted challenger whose search was another one."""

    def change(figures: dict[str, go.Figure] | None = None, **changes: Any) -> Report:
        record = evidence["search_record"] | changes
        return collected(evidence | {"search_record": record} | (figures or {}))

    return change


def test_the_search_is_described_with_where_and_why_it_stopped(searched: Searched) -> None:
    facts = dict(search_facts(searched(pruned=4, seconds_asked=90.0, workers=2)))
    assert facts["Method"].startswith("Bayesian")
    assert facts["Trials"] == "29 complete, 4 stopped early, 1 failed, 12 from an earlier run"
    assert facts["Budget"] == "at most 30 trials and 1 min 30 s"
    assert facts["Ended"] == "All 30 trials were tried."
    assert facts["Time"] == "12.3 s, 2 trials at a time"


def test_the_best_value_stands_beside_the_corrected_one(searched: Searched) -> None:
    lines = dict(score_lines(searched()))
    assert (lines["best, trial 17"], lines["corrected value"]) == ("0.5903", "0.5967")
    assert lines["as configured, trial 0"] == "0.6011"
    assert lines["improvement of the search, corrected"] == "+0.0044"
    assert lines["more than noise from"] == "0.0052"
    assert "500 draws" in score_sentence(searched())
    assert "chosen in 23 % of the draws" in score_sentence(searched())


def test_a_value_that_could_not_be_corrected_says_why(searched: Searched) -> None:
    honest = {"corrected": None, "standard_error": None, "note": "There are too few units."}
    report = searched(honest=honest | {"candidates": 29, "resamples": 0, "units": 7})
    assert dict(score_lines(report))["corrected value"] == "not defined"
    assert score_sentence(report) == "There are too few units."
    assert score_sentence(searched(honest=None)) == ""


def test_what_was_searched_is_written_with_the_best_trial_and_the_start(searched: Searched) -> None:
    report = searched(
        space=searched().search.model_dump(mode="json")["space"]
        | {"penalty": PENALTY, "l1_ratio": RATIO}
    )
    lines = {line.name: line for line in varied_lines(report)}
    trials = report.trials.set_index("trial")
    assert lines["num_leaves"].searched == "4 to 64, log scale"
    assert lines["num_leaves"].best == str(trials.loc[17, "num_leaves"])
    assert lines["num_leaves"].start == str(trials.loc[0, "num_leaves"])
    assert lines["penalty"].searched == "l1 or none or 64, 32"
    assert lines["l1_ratio"].searched == "0.1 to 0.9, in steps of 0.2, where penalty is l1 or none"
    assert lines["l1_ratio"].best == "not varied"


def test_warnings_are_shown_and_escaped(searched: Searched) -> None:
    report = searched(warnings=["It lies at the <edge> of *what* was searched."])
    assert "at the &lt;edge&gt; of *what*" in render_html(report, OPTIONS)
    assert r"**Warning:** It lies at the \<edge\> of \*what\*" in render_markdown(report, OPTIONS)


def test_a_figure_without_data_gives_way_to_its_sentence(searched: Searched) -> None:
    few = go.Figure().add_annotation(text="12 trials do<br>not tell.")
    report = searched({"importance_plot": few})
    assert search_notes(report) == ["12 trials do not tell."]
    page = render_html(report, OPTIONS)
    assert "12 trials do not tell." in page
    assert 'data-plot="importance_plot-data"' not in page
    assert 'data-plot="slice_plot-data"' in page


def test_without_a_search_nothing_is_told_of_one(report_of: ReportOf) -> None:
    report = report_of("without_search")
    assert search_facts(report) == []
    assert score_lines(report) == []
    assert varied_lines(report) == []
    assert "corrected value |" not in render_markdown(report, OPTIONS)
