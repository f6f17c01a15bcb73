"""Gate: the challenger copes with unusual rows, and does what is expected when rows change."""

from __future__ import annotations

from experiment_cycle.decision.gates.evidence import Evidence, Outcome
from experiment_cycle.evaluation.errors.behaviour_records import Behaviour
from experiment_cycle.evaluation.errors.edge_records import EdgeCases

TITLE = "Edge cases and expectations hold"
NAMED = 3


def check(evidence: Evidence) -> Outcome:
    """Read which cases and expectations failed."""
    if not evidence.edge_cases:
        return Outcome("not_run", "No edge case was tried.")
    tried = EdgeCases.model_validate(evidence.edge_cases)
    expected = Behaviour.model_validate(evidence.behaviour).tests if evidence.behaviour else ()
    failed = [
        case.case if case.column is None else f"{case.case} in {case.column}"
        for case in tried.cases
        if case.status == "failed"
    ]
    failed += [f"expectation '{test.name}'" for test in expected if test.status == "failed"]
    counted = f"{len(tried.cases)} edge cases and {len(expected)} expectations"
    if not failed:
        return Outcome("passed", f"All of {counted} hold.")
    more = f" and {len(failed) - NAMED} more" if len(failed) > NAMED else ""
    return Outcome(
        "failed", f"Of {counted}, {len(failed)} do not hold: {', '.join(failed[:NAMED])}{more}."
    )
