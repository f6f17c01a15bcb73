from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import plotly.graph_objects as go
import pytest
from tests.reporting.conftest import COLUMNS

from experiment_cycle.reporting.evidence import FIGURES, Report
from experiment_cycle.reporting.failure_lines import failure_lines
from experiment_cycle.reporting.html import render_html
from experiment_cycle.reporting.markdown import render_markdown
from experiment_cycle.reporting.options import ReportingOptions
from experiment_cycle.reporting.profile_lines import column_lines
from experiment_cycle.reporting.reproduction import LOCAL

OPTIONS = ReportingOptions()
VOID = {"meta", "link", "br", "hr", "img", "input"}
CLOSED = {"rect", "line", "circle", "path"}
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"' --><!--"


class Page(HTMLParser):
    """Reads a page as a browser would, and keeps what the tests ask for."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.unbalanced: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.scripts: list[str] = []
        self.parents: list[tuple[str, list[str]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.parents.append((tag, list(self.open)))
        if tag not in VOID | CLOSED:
            self.open.append(tag)
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in CLOSED:
            return
        if not self.open or self.open[-1] != tag:
            self.unbalanced.append(tag)
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts[-1] += data
        elif not {"style", "script"} & set(self.open):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def page_of(report_of: Callable[[str], Report]) -> Callable[[str], Page]:
    return cache(lambda name: Page(render_html(report_of(name), OPTIONS)))


@pytest.fixture(scope="module")
def any_page(any_name: str, page_of: Callable[[str], Page]) -> Page:
    return page_of(any_name)


def test_every_page_is_well_formed(any_page: Page) -> None:
    assert any_page.unbalanced == []
    assert any_page.open == []


def test_every_page_opens_without_a_network(any_page: Page) -> None:
    for _, attributes in any_page.tags:
        assert not attributes.get("src")
        assert (attributes.get("href") or "#").startswith(("#", "data:"))


def test_every_link_leads_somewhere_and_no_name_is_given_twice(any_page: Page) -> None:
    names = [attributes["id"] for _, attributes in any_page.tags if "id" in attributes]
    assert len(names) == len(set(names))
    targets = {(link["href"] or "")[1:] for link in any_page.named("a")}
    drawn = {
        attributes["data-plot"] for _, attributes in any_page.tags if "data-plot" in attributes
    }
    assert targets | drawn <= set(names)


def test_headings_leave_no_level_out(any_page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in any_page.tags if tag in {"h1", "h2", "h3", "h4"}]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_table_scrolls_in_its_own_box_that_the_keyboard_reaches(any_page: Page) -> None:
    boxes = [
        found for found in any_page.named("div") if (found.get("class") or "").startswith("scroll")
    ]
    assert len(boxes) == len(any_page.named("table")) == len(any_page.named("caption"))
    assert all(box["tabindex"] == "0" and box["aria-label"] for box in boxes)


def test_every_drawing_is_described_or_marked_as_decoration(any_page: Page) -> None:
    for drawing in any_page.named("svg"):
        assert drawing.get("aria-label") or drawing.get("aria-hidden") == "true"


def test_the_page_is_small_and_quick(report_of: Callable[[str], Report]) -> None:
    report = report_of("promoted")
    start = time.perf_counter()
    page = render_html(report, OPTIONS)
    assert time.perf_counter() - start < 3.0
    assert len(page.encode()) < 6_000_000
    assert page.count("plotly.js v") == 1


def test_the_same_evidence_gives_the_same_page(report_of: Callable[[str], Report]) -> None:
    assert render_html(report_of("promoted"), OPTIONS) == render_html(
        report_of("promoted"), OPTIONS
    )


def test_the_decision_and_its_reasons_come_before_the_evidence(
    any_page: Page, any_report: Report
) -> None:
    first, evidence = any_page.text.split("Evidence Hypothesis Data", 1)
    assert any_report.decision.decision.upper() in first
    for reason in any_report.decision.reasons:
        assert reason in first
    for gate in any_report.gates:
        assert gate.title in first
        assert gate.evidence in evidence


@pytest.mark.parametrize(
    ("variant", "shown"),
    [
        ("promoted", ["✓ PROMOTE", "improvement +0.028", "claimed 0.04", "needs > 0", "✓ met"]),
        ("iterating", ["↻ ITERATE", "? undecided", "about 7,400 test rows are needed"]),
        ("abandoned", ["✕ ABANDON", "✕ refuted", "improvement -0.021"]),
        ("identical", ["↻ ITERATE", "Nothing was compared", "champion (version 1)"]),
        ("gate_failed", ["✕ failed", "A declared column was ignored", "demonstration"]),
        ("without_sensitive_columns", ["No column is declared sensitive"]),
        ("without_search", ["Nothing was searched"]),
        ("undefined", ["The effect is not defined", "only one class is present", "not defined"]),
    ],
)
def test_each_outcome_says_so_in_words(
    variant: str, shown: list[str], page_of: Callable[[str], Page]
) -> None:
    text = page_of(variant).text
    for words in shown:
        assert words in text


def test_numbers_stand_with_their_intervals(page_of: Callable[[str], Page]) -> None:
    text = page_of("promoted").text
    for shown in (
        "0.668 (0.640 to 0.696)",
        "+0.020 (0.001 to 0.039)",
        "0.680 0.640 to 0.720",
        "0.890 0.870 to 0.910",
        "20,190 \u00d7 13",
    ):
        assert shown in text


def test_plots_are_drawn_from_the_figures(report_of: Callable[[str], Report]) -> None:
    report = report_of("seeded")
    page = Page(render_html(report, OPTIONS))
    drawn = {
        attributes["id"]: json.loads(script)
        for script, attributes in zip(page.scripts, page.named("script"), strict=True)
        if attributes.get("type") == "application/json"
    }
    assert len(drawn) == len(report.figures) == len(FIGURES)
    for name, figure in report.figures.items():
        assert drawn[f"{name}-data"]["data"] == json.loads(figure.to_json())["data"]


def test_what_was_not_made_has_no_plot(page_of: Callable[[str], Page]) -> None:
    plots = [found.get("data-plot") for found in page_of("without_search").named("div")]
    assert not {"trials_plot-data", "learning_curve_plot-data"} & set(plots)
    assert "loss_plot-data" in plots


@pytest.mark.parametrize(("slices", "failures"), [(0, 0), (1, 3), (50, 50)])
def test_options_say_how_much_is_shown(
    slices: int, failures: int, report_of: Callable[[str], Report]
) -> None:
    report = report_of("promoted")
    options = ReportingOptions(slices=slices, failure_cases=failures)
    text = Page(render_html(report, options)).text
    assert ("Weakest slices" in text) == (slices > 0)
    assert ("hlthp: 1" in text) == (slices > 1)
    assert ("The 3 test rows" in text) == (failures == 3)
    assert ("The 30 test rows" in text) == (failures == 50)


def renamed(content: Any, name: str, to: str) -> Any:
    """Write `to` for `name` everywhere in plain records, in keys and values."""
    if isinstance(content, dict):
        return {renamed(key, name, to): renamed(value, name, to) for key, value in content.items()}
    if isinstance(content, list):
        return [renamed(item, name, to) for item in content]
    if isinstance(content, str):
        return content.replace(name, to)
    return content


@pytest.fixture
def hostile_report(collected: Callable[..., Report], evidence: dict[str, Any]) -> Report:
    """Names, levels, reasons, messages and plot labels that are markup."""
    for name in ("physical_limitation", "disea", "num_leaves"):
        evidence = renamed(evidence, name, HOSTILE)
    evidence["decision"]["reasons"] = [HOSTILE, f"and {HOSTILE}"]
    evidence["gates"][0]["evidence"] = HOSTILE
    evidence["leakage_report"]["findings"][0]["message"] = HOSTILE
    evidence["dataset_profile"]["target"] = {HOSTILE: 20_190}
    evidence["row_counts"] = renamed(evidence["row_counts"], "adults", HOSTILE)
    evidence["row_counts"]["steps"][0]["reason"] = HOSTILE
    evidence["fairness"]["columns"][0]["groups"][0]["level"] = HOSTILE
    evidence["slice_metrics"] = evidence["slice_metrics"].assign(column=HOSTILE, level=HOSTILE)
    evidence["failure_cases"] = evidence["failure_cases"].head(1).assign(**{HOSTILE: HOSTILE})
    evidence["broken_cases"] = evidence["broken_cases"].assign(**{HOSTILE: HOSTILE})
    evidence["failure_attributions"] = evidence["failure_attributions"].assign(
        feature=HOSTILE, value=HOSTILE
    )
    evidence["failure_neighbours"] = evidence["failure_neighbours"].assign(target=HOSTILE)
    evidence["suspected_labels"] = evidence["suspected_labels"].assign(label=HOSTILE)
    evidence["disagreement"]["slices"][0]["level"] = HOSTILE
    evidence["test_drift"]["columns"][0]["column"] = HOSTILE
    evidence["curve_plot"] = go.Figure(
        go.Scatter(x=[HOSTILE], y=[1], name=HOSTILE, hovertemplate=HOSTILE),
        layout={"title": HOSTILE},
    )
    return collected(evidence)


def test_markup_in_the_data_is_shown_and_never_run(hostile_report: Report) -> None:
    page = Page(render_html(hostile_report, OPTIONS))
    harmless = 2 + len(hostile_report.figures) - len(["learning_curve_plot"])
    assert len(page.scripts) == harmless
    assert page.named("img") == []
    assert page.unbalanced == []
    assert not any(name.startswith("on") for _, found in page.tags for name in found)
    assert page.text.count("<script>alert(1)</script>") > 10


def test_markup_in_a_plot_stays_inside_its_data(hostile_report: Report) -> None:
    page = Page(render_html(hostile_report, OPTIONS))
    drawn = [
        json.loads(script)
        for script, attributes in zip(page.scripts, page.named("script"), strict=True)
        if attributes.get("id") == "curve_plot-data"
    ]
    assert drawn[0]["data"][0]["name"] == HOSTILE.replace("<", "&lt;")


def test_the_sections_stand_in_the_order_of_the_evidence(any_page: Page) -> None:
    order = [link["href"] for link in any_page.named("a") if link.get("class") != "skip"]
    asked_for = (
        *("hypothesis", "data", "splits", "training", "metrics", "slices", "fairness"),
        *("trade-offs", "gates", "environment"),
    )
    assert [each for each in order if each[1:] in asked_for] == [f"#{each}" for each in asked_for]
    sections = [f"#{found['id']}" for found in any_page.named("section") if "id" in found]
    assert sections == order


def test_what_a_run_took_from_a_folder_outside_git_is_named(
    collected: Callable[..., Report], evidence: dict[str, Any]
) -> None:
    report = dataclasses.replace(
        collected(evidence), command=f"kedro run{LOCAL}tuning.trials, store.<b>"
    )
    page, twin = Page(render_html(report, OPTIONS)), render_markdown(report, OPTIONS)
    assert "Run: kedro run ." in page.text
    assert (
        "settings from conf/local, which git does not keep: tuning.trials , store.<b>" in page.text
    )
    assert "Run again: `kedro run`." in twin
    assert "tuning.trials, store.\\<b\\>" in twin
    assert "conf/local" not in Page(render_html(collected(evidence), OPTIONS)).text


def test_a_failure_is_shown_once_for_each_group(
    collected: Callable[..., Report], evidence: dict[str, Any]
) -> None:
    cases = evidence["failure_cases"]
    evidence["failure_cases"] = cases.assign(person=[1, 1, 2, None, None] + [3] * (len(cases) - 5))
    grouped = collected(evidence, columns=COLUMNS.model_copy(update={"group": "person"}))
    rows = [line.name for line in failure_lines(grouped, 50)]
    assert rows == [str(cases["__row__"].iloc[at]) for at in (0, 2, 3, 4, 5)]


def test_a_wide_table_is_cut_and_says_so(
    collected: Callable[..., Report], evidence: dict[str, Any]
) -> None:
    one = evidence["dataset_profile"]["columns"]["disea"]
    evidence["dataset_profile"]["columns"] = {f"column_{number}": one for number in range(1234)}
    text = Page(render_html(collected(evidence), OPTIONS)).text
    assert "1,034 more columns" in text
    assert "column_199" in text
    assert "column_200" not in text


def test_a_wide_table_is_quick_to_make_and_small(
    collected: Callable[..., Report], evidence: dict[str, Any]
) -> None:
    one = evidence["dataset_profile"]["columns"]["disea"]
    narrow = len(render_html(collected(evidence), OPTIONS))
    evidence["dataset_profile"]["columns"] = {f"column_{number}": one for number in range(200)}
    start = time.perf_counter()
    wide = len(render_html(collected(evidence), OPTIONS))
    assert time.perf_counter() - start < 3.0
    assert wide - narrow < 400_000


def test_the_way_of_the_rows_is_told_with_the_reasons(page_of: Callable[[str], Page]) -> None:
    text = page_of("promoted").text
    for told in (
        "persons raw table 5,908",
        "adults leave_out_children 3,912 -1,996 (33.8\u00a0%) Leave out children",
        "raw_data join_persons 20,190 -462 (2.2\u00a0%) Keep the visits of persons that are left. "
        "Read with adults (3,912 rows).",
        "dataset take_snapshot 20,190 all kept",
        "train 70\u00a0% of dataset 14,133",
    ):
        assert told.replace("\u00a0", " ") in text.replace("\u00a0", " ")


def test_what_is_drawn_of_a_column_is_its_histogram(report_of: Callable[[str], Report]) -> None:
    report = report_of("promoted")
    page = Page(render_html(report, OPTIONS))
    paths = [found["d"] for found in page.named("path")]
    lines = column_lines(report, 200)
    assert paths == [line.drawing for line in lines if line.drawing]
    assert len(paths) == len(report.profile.columns)


def test_estimates_are_marked_and_explained(
    page_of: Callable[[str], Page],
    collected: Callable[..., Report],
    evidence: dict[str, Any],
) -> None:
    text = page_of("promoted").text
    assert "≈ marks an estimate" in text
    assert "≈ 13 " in text
    assert "≈ 13.7319 801" in text
    for column in evidence["dataset_profile"]["columns"].values():
        column["estimated"] = []
    assert "≈" not in Page(render_html(collected(evidence), OPTIONS)).text


def test_a_version_is_shown_with_its_tag_and_how_it_was_asked_for(
    collected: Callable[..., Report], evidence: dict[str, Any]
) -> None:
    named = collected(evidence, tag="before-reform", version="2024-q1")
    text = Page(render_html(named, OPTIONS)).text
    assert "Tag before-reform" in text
    assert "Asked for as 2024-q1" in text
    plain = Page(render_html(collected(evidence), OPTIONS)).text
    assert "Asked for as" not in plain
    assert "Pointer data/02_intermediate/dataset.parquet.dvc" in plain
