from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from experiment_cycle.decision.records import Gate
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.first_screen import LONGEST_REASON, first_screen, fold
from experiment_cycle.reporting.markdown import MOST_CHARACTERS, fitted


def told(report: Report, *reasons: str) -> dict[str, Any]:
    decision = report.decision.model_copy(update={"reasons": ("In short.", *reasons)})
    return first_screen(dataclasses.replace(report, decision=decision))


def test_what_is_as_demanded_is_folded_before_what_is_not(
    report_of: Callable[[str], Report],
) -> None:
    met = [f"Metric {number} is met." for number in range(8)]
    found = told(report_of("promoted"), *met, "Required gate failed.", "Another failed.")
    shown = [each.start for each in found["further_reasons"]]
    assert shown == [*met[:3], "Required gate failed.", "Another failed."]
    assert found["folded_reasons"] == met[3:]


def test_a_few_reasons_are_all_shown(report_of: Callable[[str], Report]) -> None:
    found = told(report_of("promoted"), *(f"Reason {number}." for number in range(6)))
    assert len(found["further_reasons"]) == 6
    assert found["folded_reasons"] == []


def test_a_long_reason_is_cut_between_words_and_nothing_is_lost() -> None:
    reason = " ".join(["word"] * 200)
    start, rest = fold(reason)
    assert len(start) <= LONGEST_REASON
    assert f"{start} {rest}" == reason
    assert fold("short.") == ("short.", "")


def test_of_many_gates_those_that_passed_are_folded(report_of: Callable[[str], Report]) -> None:
    report = report_of("promoted")
    gate = report.gates[0].model_dump()
    states = ("passed",) * 8 + ("failed", "not_run")
    gates = tuple(Gate.model_validate(gate | {"status": status}) for status in states)
    found = first_screen(dataclasses.replace(report, gates=gates))
    assert [each.status for each in found["shown_gates"]] == ["failed", "not_run"]
    assert len(found["folded_gates"]) == 8


def test_the_twin_fits_into_a_comment_and_names_what_was_left_out() -> None:
    row = f"| {'x' * 98} |"
    blocks = ["# PROMOTE", "## Criteria", row * 200, "## Data", "\n".join([row] * 900), "Said."]
    written = fitted(blocks, MOST_CHARACTERS)
    assert len(written) < 65_536
    assert "Tables left out to keep this short, of: Data." in written
    assert row * 200 in written
    assert "Said." in written
    assert "left out" not in fitted(blocks[:3], MOST_CHARACTERS)
