"""What the report says of unusual tables and changed rows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from experiment_cycle.evaluation.errors.behaviour_records import Behaviour, BehaviourResult
from experiment_cycle.evaluation.errors.edge_records import EdgeCase, EdgeCases
from experiment_cycle.reporting.lines import written
from experiment_cycle.reporting.numbers import interval, number, percent

MOST_FAILED = 20
"""Failed cases that are shown one by one; all are in the record."""


@dataclass(frozen=True)
class CaseLine:
    """One kind of unusual table, tried on one column or on several."""

    case: str
    passed: str
    """Such as ``9 of 9``."""
    did: str


@dataclass(frozen=True)
class BehaviourLine:
    """One expectation and how far it holds."""

    name: str
    change: str
    expected: str
    status: str
    holds: str
    needed: str
    rows: int
    units: int
    examples: tuple[str, ...]
    note: str


def edge_sentence(found: EdgeCases) -> str:
    """Say how many cases passed."""
    tried = found.passed + found.failed
    left = (
        f" {number(len(found.left_out))} further columns were not tried one by one."
        if found.left_out
        else ""
    )
    told = (
        f"all {number(tried)}" if not found.failed else f"{number(found.passed)} of {number(tried)}"
    )
    return (
        f"The challenger passed {told} edge cases: tables made of {number(found.rows)} rows of "
        f"train, each time changed in one way, {number(found.columns)} columns one by one.{left}"
    )


def failed_cases(found: EdgeCases) -> list[tuple[str, str, str, str]]:
    """Write the cases that failed: case, column, what is expected, what the model did."""
    failed = [case for case in found.cases if case.status == "failed"]
    return [
        (each.case, each.column or "", each.expected, each.told) for each in failed[:MOST_FAILED]
    ]


def case_lines(found: EdgeCases) -> list[CaseLine]:
    """Write every kind of case in one line, in the order in which they were tried."""
    order = list(dict.fromkeys(case.case for case in found.cases))
    by_kind = sorted(found.cases, key=lambda case: order.index(case.case))
    return [
        _case_line(name, list(same)) for name, same in groupby(by_kind, key=lambda case: case.case)
    ]


def behaviour_lines(found: Behaviour) -> list[BehaviourLine]:
    """Write every expectation, those that fail first."""
    lines = [_behaviour_line(test) for test in found.tests]
    return sorted(lines, key=lambda line: line.status != "failed")


def _case_line(name: str, same: list[EdgeCase]) -> CaseLine:
    passed = sum(case.status == "passed" for case in same)
    did = [
        f"{word} {number(count)}" if len(same) > count else word
        for word in ("predicted", "refused", "crashed")
        if (count := sum(case.did == word for case in same))
    ]
    moved = [case for case in same if case.moved is not None and case.column is not None]
    furthest = max(moved, key=lambda case: case.moved or 0.0, default=None)
    if furthest is not None:
        did.append(f"moved by up to {number(furthest.moved)} ({furthest.column})")
    return CaseLine(name, f"{number(passed)} of {number(len(same))}", ", ".join(did))


def _behaviour_line(test: BehaviourResult) -> BehaviourLine:
    return BehaviourLine(
        name=test.name,
        change=test.change,
        expected=test.expected,
        status=test.status,
        holds=_share(test),
        needed=percent(test.min_share),
        rows=test.rows,
        units=test.units,
        examples=tuple(
            f"row {each.row}: {_changes(each.before)} to {_changes(each.after)}, "
            f"{number(each.predicted)} to {number(each.predicted_after)}"
            for each in test.violations[: len(test.violations) if test.status == "failed" else 1]
        ),
        note=test.note or "",
    )


def _share(test: BehaviourResult) -> str:
    if test.share is None or test.lower is None or test.upper is None:
        return ""
    return f"{interval(100 * test.share, 100 * test.lower, 100 * test.upper)} %"


def _changes(values: dict[str, object]) -> str:
    return ", ".join(f"{name} {written(value) or 'missing'}" for name, value in values.items())
