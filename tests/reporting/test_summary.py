from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.summary import summarise


def printed(report: Report, path: Path, **console: Any) -> str:
    target = StringIO()
    summary = summarise(
        report.decision.model_dump(mode="json"),
        report.comparison.model_dump(mode="json"),
        [gate.model_dump(mode="json") for gate in report.gates],
        report.promotion.model_dump(mode="json"),
        path,
    )
    Console(file=target, width=80, **console).print(summary)
    return target.getvalue()


def test_every_summary_fits_on_a_small_screen(any_report: Report) -> None:
    lines = printed(any_report, Path("/somewhere/report.html")).splitlines()
    assert len(lines) <= 27
    assert max(len(line) for line in lines) <= 80


def test_the_decision_comes_first_with_its_reason(any_report: Report) -> None:
    lines = [line.strip() for line in printed(any_report, Path("report.html")).splitlines() if line]
    assert any_report.decision.decision.upper() in lines[0]
    assert lines[1].split()[:4] == any_report.decision.reasons[0].split()[:4]


def test_criteria_gates_and_next_steps_are_all_there(report_of: Callable[[str], Report]) -> None:
    text = printed(report_of("promoted"), Path("/somewhere/report.html"))
    assert "ROC AUC rises by more than 0" in text
    assert "improvement +0.028" in text
    assert "above 0.004 with 97 % confidence, below 0.054 with 97.5 %" in text
    assert "97 % confidence" in text
    for gate in report_of("promoted").gates:
        assert gate.title in text
    for way in ("/somewhere/report.html", "kedro mlflow ui", "kedro viz run"):
        assert way in text


def test_a_failed_gate_says_what_was_found(report_of: Callable[[str], Report]) -> None:
    text = printed(report_of("gate_failed"), Path("report.html"))
    assert "✕ failed" in text
    assert "What was found about no leakage between the splits." in text


def test_an_undecided_criterion_says_how_many_rows_it_needs(
    report_of: Callable[[str], Report],
) -> None:
    assert "about 7,400 test rows; there are 3,028" in printed(report_of("iterating"), Path("r"))


def test_an_undefined_effect_says_why(report_of: Callable[[str], Report]) -> None:
    assert "only one class is present" in printed(report_of("undefined"), Path("r"))


def test_colour_adds_nothing_that_words_do_not_say(any_report: Report) -> None:
    from rich.text import Text

    plain = printed(any_report, Path("r"), no_color=True)
    coloured = printed(any_report, Path("r"), force_terminal=True)
    assert Text.from_ansi(coloured).plain.split() == plain.split()


def test_a_report_below_the_current_directory_is_shown_relative_to_it(
    report_of: Callable[[str], Report], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = printed(report_of("identical"), tmp_path / "data" / "report.html")
    assert "data/report.html" in text
    assert str(tmp_path) not in text


def test_markup_in_a_reason_is_shown_as_it_is(report_of: Callable[[str], Report]) -> None:
    report = report_of("identical")
    reasons = ("The column [red]a[/red] [/] leaks.",)
    hostile = report.decision.model_copy(update={"reasons": reasons})
    shown = summarise(
        hostile.model_dump(mode="json"),
        report.comparison.model_dump(mode="json"),
        [],
        report.promotion.model_dump(mode="json"),
        Path("r"),
    )
    target = StringIO()
    Console(file=target, width=80).print(shown)
    assert reasons[0] in target.getvalue()
