"""What stands on the first screen of the page, and what is folded so that it stays one screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from experiment_cycle.reporting.evidence import Report

MOST_DRAWN = 2
"""So many criteria are drawn large; of more, the primary one, and the others take a line each."""
MOST_REASONS = 5
LONGEST_REASON = 260
"""Characters; the rest of a longer reason opens on a click."""
AS_DEMANDED = "is met."
MOST_GATES = 8
"""Of more, those that passed are folded."""


class FoldedReason(NamedTuple):
    """A reason; `rest` is empty unless it is long."""

    start: str
    rest: str


def first_screen(report: Report) -> dict[str, Any]:
    """Choose what is seen at once; the first reason is the headline's and always is."""
    further = report.decision.reasons[1:]
    gates = report.gates
    folded = tuple(gate for gate in gates if gate.status == "passed")
    if len(gates) <= MOST_GATES:
        folded = ()
    hidden = _folded(further)
    drawn = len(report.verdicts)
    return {
        "further_reasons": [fold(each) for at, each in enumerate(further) if at not in hidden],
        "folded_reasons": [each for at, each in enumerate(further) if at in hidden],
        "most_drawn": drawn if drawn <= MOST_DRAWN else 1,
        "shown_gates": [gate for gate in gates if gate not in folded],
        "folded_gates": folded,
    }


def fold(reason: str) -> FoldedReason:
    """Cut a long reason between two words, so that what follows can be folded."""
    if len(reason) <= LONGEST_REASON:
        return FoldedReason(reason, "")
    start = reason[:LONGEST_REASON].rpartition(" ")[0] or reason[:LONGEST_REASON]
    return FoldedReason(start, reason[len(start) :].strip())


def _folded(reasons: Sequence[str]) -> set[int]:
    """Choose the reasons to fold, by their places: what is as it should be before what is not."""
    if len(reasons) <= MOST_REASONS + 1:
        return set()
    places = range(len(reasons))
    order = sorted(places, key=lambda at: (reasons[at].endswith(AS_DEMANDED), at))
    return set(order[MOST_REASONS:])
