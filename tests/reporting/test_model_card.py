"""The model card: everything from the record, nothing invented, what is open counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pydantic import ValidationError

from experiment_cycle.audit.records import AuditReport
from experiment_cycle.decision.gates import no_leakage
from experiment_cycle.decision.records import FoldEffects, Gate, TrackedEffect
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.html import render_html
from experiment_cycle.reporting.model_card.answers import Answer
from experiment_cycle.reporting.model_card.card import render_model_card
from experiment_cycle.reporting.model_card.leakage import KINDS, audited, leakage_answers
from experiment_cycle.reporting.model_card.reforms import ITEMS
from experiment_cycle.reporting.model_card.texts import MOST_SIGNS, ModelCardTexts
from experiment_cycle.reporting.options import ReportingOptions
from experiment_cycle.splitting.records import Finding, LeakageReport

OPTIONS = ReportingOptions()
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
KEYS = list(ModelCardTexts.model_fields)
CODES = [f"LEAK{number:03}" for number in range(1, 20)]
BASE = Path(__file__).parents[2] / "conf/base/parameters_reporting.yml"
HOSTILE = "a|b`c`\n---\n\n# d <script>alert(1)</script> [x](javascript:1) @someone"
OF_MITCHELL = [
    "Model details",
    "Intended use",
    "Factors",
    "Metrics",
    "Evaluation data",
    "Training data",
    "Quantitative analyses",
    "Ethical considerations",
    "Caveats and recommendations",
]
# of the Hub's modelcard.md: what a result has, and what of it is required
OF_HUB = {
    "task": ({"type", "name"}, {"type"}),
    "dataset": ({"type", "name", "config", "split", "revision", "args"}, {"type", "name"}),
    "metrics": ({"type", "value", "name", "config", "args"}, {"type", "value"}),
}


def options(**texts: str | None) -> ReportingOptions:
    return ReportingOptions(model_card=ModelCardTexts(**texts))


def parts(card: str) -> tuple[dict[str, Any], str]:
    """The head as YAML, and the Markdown below it, as the Hub divides them."""
    before, head, body = card.split("---\n", 2)
    assert before == ""
    return yaml.safe_load(head), body


def open_count(card: str) -> int:
    first = next(line for line in parts(card)[1].splitlines() if line.startswith("**"))
    found = first.strip("*").split()[0]
    return 0 if found == "No" else int(found)


def with_findings(report: Report, **statuses: str) -> Report:
    findings = tuple(
        Finding.model_validate(
            {
                "code": code,
                "title": "t",
                "severity": "high",
                "status": status,
                "message": f"message of {code}.",
                "evidence": {},
                "waiver": {"reason": "r", "by": "A. Person"},
            }
        )
        for code, status in statuses.items()
    )
    return replace(report, leakage=LeakageReport(passed=True, findings=findings))


def with_gate(report: Report, code: str, status: str, evidence: str) -> Report:
    gate = Gate.model_validate(
        {"code": code, "title": code, "status": status, "required": True, "evidence": evidence}
    )
    return replace(report, gates=(*(each for each in report.gates if each.code != code), gate))


def answers(report: Report, **texts: str) -> dict[str, Answer]:
    return {each.number: each for each in leakage_answers(report, ModelCardTexts(**texts))}


def test_the_head_has_the_fields_of_the_hub_and_the_metrics_of_the_record(
    any_report: Report,
) -> None:
    head, _ = parts(render_model_card(any_report, OPTIONS))
    (model,) = head["model-index"]
    (result,) = model["results"]
    assert model["name"] == any_report.promotion.registered_model
    assert "license" not in head
    for block, (allowed, required) in OF_HUB.items():
        for each in result[block] if block == "metrics" else [result[block]]:
            assert required <= set(each) <= allowed
    defined = {
        name: found.value
        for name, found in any_report.metrics.challenger.items()
        if found.value is not None
    }
    assert {each["type"]: each["value"] for each in result["metrics"]} == pytest.approx(
        defined, abs=1e-6
    )


@pytest.mark.parametrize(
    ("written", "head"),
    [
        ("apache-2.0", {"license": "apache-2.0"}),
        ("Only for us\n---\nx: y", {"license": "other", "license_name": "Only for us --- x: y"}),
    ],
)
def test_a_licence_is_one_of_the_hub_or_named(
    written: str, head: dict[str, str], report_of: Callable[[str], Report]
) -> None:
    found, _ = parts(render_model_card(report_of("promoted"), options(license=written)))
    assert {key: found[key] for key in head} == head


def test_the_card_has_every_section_and_every_table_is_one(any_report: Report) -> None:
    _, body = parts(render_model_card(any_report, OPTIONS))
    found = READER.parse(body)
    titles = [
        text.content
        for token, text in pairwise(found)
        if token.type == "heading_open" and token.tag == "h2"
    ]
    assert titles[: len(OF_MITCHELL)] == OF_MITCHELL
    assert [token.type for token in found].count("table_open") == sum(
        line.startswith("| ---") for line in body.splitlines()
    )
    inner = [child for token in found for child in token.children or []]
    assert not [each for each in (*found, *inner) if each.type.startswith(("html", "link"))]
    assert "None" not in body
    assert "nan" not in body.split()


def test_reforms_has_32_items_in_eight_modules(report_of: Callable[[str], Report]) -> None:
    counted = Counter(item.number[0] for item in ITEMS)
    assert [counted[module] for module in "12345678"] == [3, 5, 7, 3, 6, 3, 3, 2]
    _, body = parts(render_model_card(report_of("promoted"), OPTIONS))
    for item in ITEMS:
        assert body.count(f"| {item.number} | ") == 1


@settings(max_examples=15)
@given(written=st.sets(st.sampled_from(KEYS)))
def test_a_text_that_is_written_is_open_no_more(
    written: set[str], report_of: Callable[[str], Report]
) -> None:
    report = report_of("promoted")
    before = render_model_card(report, OPTIONS)
    after = render_model_card(report, options(**dict.fromkeys(written, "A sentence.")))
    asked = {key for key in KEYS if f"| {key} | " in before}
    assert open_count(before) - open_count(after) == len(written & asked)
    assert {key for key in KEYS if f"| {key} | " in after} == asked - written
    assert after.count("A sentence.") >= len(written & asked)


def test_nothing_is_open_once_all_is_written_and_checked(
    report_of: Callable[[str], Report],
) -> None:
    clean = f"{', '.join(CODES)} found no leakage."
    report = with_gate(report_of("promoted"), "no_leakage", "passed", clean)
    report = with_gate(report, "incumbent_unseen", "passed", "None was seen.")
    report = with_findings(report, **dict.fromkeys(CODES[:15], "passed"))
    card = render_model_card(report, options(**dict.fromkeys(KEYS, "Told.")))
    assert open_count(card) == 0
    assert "○ open" not in card
    assert "Of 8: 8 no leakage found." in card


@pytest.mark.parametrize(
    ("number", "statuses", "texts", "expected"),
    [
        ("L1.4", {"LEAK002": "passed", "LEAK003": "passed"}, {}, "none_found"),
        ("L1.4", {"LEAK002": "passed", "LEAK003": "failed"}, {}, "found"),
        ("L1.4", {"LEAK002": "warning", "LEAK003": "passed"}, {}, "warned"),
        ("L1.4", {"LEAK002": "waived", "LEAK003": "warning"}, {}, "waived"),
        ("L1.4", {"LEAK002": "not_applicable"}, {}, "open"),
        ("L2", {"LEAK004": "passed"}, {}, "open"),
        ("L2", {"LEAK004": "passed"}, {"legitimate_features": "x"}, "none_found"),
        ("L2", {"LEAK004": "failed"}, {"legitimate_features": "x"}, "found"),
        ("L3.1", {"LEAK010": "not_applicable"}, {}, "open"),
        ("L3.1", {"LEAK010": "not_applicable"}, {"time_order": "x"}, "written"),
        ("L3.1", {"LEAK010": "passed"}, {}, "none_found"),
        ("L3.3", {"LEAK014": "passed"}, {"representativeness": "x"}, "none_found"),
        ("L1.2", {"LEAK001": "passed"}, {}, "open"),
    ],
)
def test_a_question_is_answered_by_its_checks(
    number: str,
    statuses: dict[str, str],
    texts: dict[str, str],
    expected: str,
    report_of: Callable[[str], Report],
) -> None:
    found = answers(with_findings(report_of("promoted"), **statuses), **texts)[number]
    assert found.status == expected
    for code, status in statuses.items():
        told = f"{code}: message of {code}." in found.told
        assert told == (status in {"failed", "warning", "waived"} and code in found.checks)


@pytest.mark.parametrize(
    ("status", "expected"), [("passed", "none_found"), ("failed", "found"), ("not_run", "open")]
)
def test_whether_rows_were_kept_apart_is_told_by_the_gate(
    status: str, expected: str, report_of: Callable[[str], Report]
) -> None:
    report = with_gate(report_of("promoted"), "incumbent_unseen", status, "As seen.")
    assert answers(report)["L1.1"].status == expected


@settings(max_examples=50)
@given(found=st.dictionaries(st.sampled_from(CODES), st.sampled_from(["passed", "warning"])))
def test_what_the_audit_found_is_read_from_the_gate_as_the_gate_writes_it(
    found: dict[str, str],
) -> None:
    def finding(code: str) -> dict[str, Any]:
        return {
            "code": code,
            "title": "t",
            "severity": "high",
            "status": found[code],
            "message": "m",
            "evidence": {},
        }

    late = [code for code in found if code > "LEAK015"]
    audit = AuditReport(
        passed=True,
        split="s",
        parameters="p",
        split_problems=(),
        findings=tuple(Finding.model_validate(finding(code)) for code in late),
        not_run={},
    )
    report = {"passed": True, "findings": [finding(code) for code in found if code not in late]}
    evidence: Any = SimpleNamespace(leakage_report=report, audit=audit)
    assert audited(no_leakage.check(evidence).evidence) == found


def test_a_failed_or_waived_check_of_the_audit_is_read_too() -> None:
    assert audited("LEAK017: rows were seen. LEAK018 covers them. LEAK019: told.") == {
        "LEAK017": "failed",
        "LEAK019": "failed",
    }
    assert audited("LEAK001 found no leakage. LEAK018 is waived: ours (A. Person).") == {
        "LEAK001": "passed",
        "LEAK018": "waived",
    }
    assert audited("LEAK017, LEAK018 did not run for this split: kedro cycle audit.") == {}


def test_a_hostile_name_or_text_makes_no_markup(
    collected: Callable[..., Report], evidence: dict[str, Any]
) -> None:
    plain = READER.parse(parts(render_model_card(collected(evidence), OPTIONS))[1])
    evidence["fairness"]["columns"][0]["column"] = HOSTILE
    evidence["fairness"]["columns"][0]["groups"][0]["level"] = HOSTILE
    evidence["promotion"]["registered_model"] = HOSTILE
    evidence["slice_metrics"] = evidence["slice_metrics"].assign(column=HOSTILE)
    evidence["dataset_profile"]["target"] = {HOSTILE: 20_190}
    evidence["challenger_record"]["features"] = [HOSTILE]
    evidence["leakage_report"]["findings"][1]["message"] = HOSTILE
    texts = options(**dict.fromkeys(KEYS, HOSTILE))
    head, body = parts(render_model_card(collected(evidence), texts))
    assert head["model-index"][0]["name"] == " ".join(HOSTILE.split())
    found = READER.parse(body)
    inner = [child for token in found for child in token.children or []]
    assert not [each for each in (*found, *inner) if each.type.startswith(("html", "link"))]
    assert "@someone" not in body
    assert [token.tag for token in found if token.type == "heading_open"].count("h1") == 1
    tables = [token.type for token in plain].count("table_open")
    # nothing is open, so that the table of open items is not there
    assert [token.type for token in found].count("table_open") == tables - 1
    assert not [token for token in found if token.type in {"hr", "code_block", "fence"}]


def test_without_a_test_set_the_card_says_what_stood_in(
    report_of: Callable[[str], Report],
) -> None:
    report = report_of("promoted")
    parts_left = {name: part for name, part in report.split.parts.items() if name != "test"}
    effect = TrackedEffect.model_construct(metric="roc_auc")
    folds = FoldEffects.model_construct(folds=6, repeats=2, decides=True, effect=effect)
    report = replace(
        report,
        split=report.split.model_copy(update={"parts": parts_left}),
        comparison=report.comparison.model_copy(update={"folds": folds}),
    )
    head, body = parts(render_model_card(report, OPTIONS))
    assert head["model-index"][0]["results"][0]["dataset"]["split"] == "cross-validation"
    assert "There is no test set: 3,028 cross-validated rows of 6 folds stand in" in body
    assert "test rows were set apart" not in body


def test_a_model_that_was_not_promoted_says_so(report_of: Callable[[str], Report]) -> None:
    for name, word in (("iterating", "ITERATE"), ("abandoned", "ABANDON")):
        _, body = parts(render_model_card(report_of(name), OPTIONS))
        assert f"- It was not promoted ({word})." in body
    assert "not promoted" not in render_model_card(report_of("promoted"), OPTIONS)


@pytest.mark.parametrize(
    "texts", [{"owner": "  "}, {"owner": "x" * (MOST_SIGNS + 1)}, {"owners": "x"}]
)
def test_an_empty_long_or_unknown_text_is_refused(texts: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="owner"):
        ModelCardTexts.model_validate(texts)


def test_the_configuration_asks_for_every_text_and_invents_none() -> None:
    block = yaml.safe_load(BASE.read_text(encoding="utf-8"))["reporting"]["model_card"]
    assert block == dict.fromkeys(KEYS)
    assert list(block) == KEYS


def test_the_page_counts_what_is_open(report_of: Callable[[str], Report]) -> None:
    report = report_of("promoted")
    page = render_html(report, OPTIONS).partition('<section id="model-card">')[2]
    section = page.partition("</section>")[0]
    assert f"{open_count(render_model_card(report, OPTIONS))} items are open" in section
    for kind in KINDS:
        assert kind.name in section
