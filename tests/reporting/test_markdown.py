from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.markdown import render_markdown
from experiment_cycle.reporting.markup import ZERO_WIDTH, escape, opening, table
from experiment_cycle.reporting.options import ReportingOptions

OPTIONS = ReportingOptions()
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
PRINTABLE = st.text(
    st.characters(codec="ascii", min_codepoint=32, exclude_characters="@#"), min_size=1
)
MARKUP = st.text(st.sampled_from("_*`[]()<>|~$&\\#+-=.1a! "), min_size=1, max_size=30)


def words(text: str) -> str:
    return " ".join(text.split())


def tokens(markdown: str) -> list[Token]:
    return READER.parse(markdown)


def shown(markdown: str) -> str:
    """What a reader sees of a paragraph, if it has no markup at all."""
    found = tokens(markdown)
    assert [token.type for token in found] == ["paragraph_open", "inline", "paragraph_close"]
    inner = found[1].children or []
    assert {token.type for token in inner} <= {"text", "text_special"}
    return "".join(token.content for token in inner)


@given((PRINTABLE | MARKUP).filter(lambda text: bool(text.strip())))
def test_escaped_text_is_shown_as_it_is(text: str) -> None:
    assert shown(opening(text)).replace(ZERO_WIDTH, "") == words(text)


@given(st.lists(st.lists(PRINTABLE | MARKUP, min_size=2, max_size=2), min_size=1, max_size=4))
def test_a_cell_never_breaks_its_table(rows: list[list[str]]) -> None:
    found = tokens(table(("a", "b"), rows))
    cells = [
        "".join(child.content for child in token.children or [])
        for opened, token in pairwise(found)
        if opened.type == "td_open"
    ]
    assert [cell.replace(ZERO_WIDTH, "") for cell in cells] == [
        words(cell) for row in rows for cell in row
    ]


def test_names_with_underscores_stay_readable() -> None:
    assert escape("physical_limitation") == "physical_limitation"
    assert escape("-0.012") == "-0.012"


def test_nobody_is_mentioned_and_no_issue_is_linked() -> None:
    assert "@someone" not in escape("ask @someone about #12")
    assert "#12" not in escape("ask @someone about #12")


def test_lines_in_the_data_become_one() -> None:
    assert escape("a\n\n# b\r\n- c") == "a # b - c"


def test_the_decision_comes_first(any_report: Report) -> None:
    markdown = render_markdown(any_report, OPTIONS)
    first = markdown.splitlines()[0]
    assert first.startswith("# ")
    assert any_report.decision.decision.upper() in first
    assert markdown.index(escape(any_report.decision.reasons[0])) < markdown.index("## ")


def test_every_table_is_read_as_a_table(any_report: Report) -> None:
    markdown = render_markdown(any_report, OPTIONS)
    heads = sum(line.startswith("| ---") for line in markdown.splitlines())
    found = [token.type for token in tokens(markdown)]
    assert found.count("table_open") == heads
    assert heads >= 5


def test_there_is_no_html(any_report: Report) -> None:
    found = tokens(render_markdown(any_report, OPTIONS))
    inner = [child.type for token in found for child in token.children or []]
    assert not {"html_block", "html_inline"} & {*inner, *(token.type for token in found)}


@pytest.mark.parametrize(
    ("variant", "expected"),
    [
        ("promoted", ["✓ PROMOTE", "| +0.028 | 0.004 | 0.054 |", "0.668 (0.640 to 0.696)"]),
        ("iterating", ["↻ ITERATE", "needs about 7,400 test rows"]),
        ("abandoned", ["✕ ABANDON", "✕ refuted"]),
        ("identical", ["nothing was compared", "champion (version 1)"]),
        ("gate_failed", ["✕ failed", "A declared column was ignored: demonstration"]),
        ("without_sensitive_columns", ["No column is declared sensitive"]),
        ("without_search", ["Nothing was searched"]),
        ("undefined", ["not defined: only one class is present"]),
    ],
)
def test_each_outcome_is_in_words(
    variant: str, expected: list[str], report_of: Callable[[str], Report]
) -> None:
    markdown = render_markdown(report_of(variant), OPTIONS)
    for text in expected:
        assert text in markdown


def test_a_hostile_name_makes_no_markup(
    collected: Callable[..., Report], evidence: dict[str, Any]
) -> None:
    name = "a|b`c`\n\n# d <script>alert(1)</script> [x](javascript:1) @someone"
    evidence["fairness"]["columns"][0]["column"] = name
    evidence["decision"]["reasons"] = [name, name]
    evidence["slice_metrics"] = evidence["slice_metrics"].assign(column=name)
    evidence["dataset_profile"]["target"] = {name: 20_190}
    evidence["dataset_profile"]["columns"][name] = evidence["dataset_profile"]["columns"]["idp"]
    evidence["row_counts"]["steps"][0] |= {"reason": name, "makes": {name: 3912}}
    found = tokens(render_markdown(collected(evidence), OPTIONS))
    inner = [child for token in found for child in token.children or []]
    assert not [token for token in (*found, *inner) if token.type.startswith(("html", "link"))]
    assert [token.tag for token in found if token.type == "heading_open"].count("h1") == 1


def test_options_limit_the_markdown_too(report_of: Callable[[str], Report]) -> None:
    report = report_of("promoted")
    markdown = render_markdown(report, ReportingOptions(slices=1, failure_cases=0))
    assert "disea: over 13.73" in markdown
    assert "hlthp: 1" not in markdown
    assert "## Failure cases" not in markdown


def test_the_data_are_told_in_short(
    collected: Callable[..., Report], evidence: dict[str, Any]
) -> None:
    one = evidence["dataset_profile"]["columns"]["disea"]
    evidence["dataset_profile"]["columns"] |= {f"column_{number}": one for number in range(92)}
    markdown = render_markdown(collected(evidence, tag="before-reform"), OPTIONS)
    assert "Target any_visit: true 68.8 %; false 31.2 %." in markdown
    assert "tag before-reform" in markdown
    assert "| raw_data | join_persons | 20,190 | -462 (2.2 %) | Keep the visits" in markdown
    assert "| physical_limitation | sensitive, dropped | BOOLEAN | 0 | 2 |" in markdown
    assert "| disea |  | DOUBLE | 0 | ≈ 13 | 11.24 | 6.742 |" in markdown
    assert "75 more columns are in dataset_profile.json." in markdown
