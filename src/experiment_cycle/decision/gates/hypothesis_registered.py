"""Gate: the hypothesis was recorded before the test set was looked at."""

from __future__ import annotations

from experiment_cycle.decision.gates.evidence import Evidence, Outcome
from experiment_cycle.options import fingerprint
from experiment_cycle.tracking.record import recorded_tags

TITLE = "Hypothesis registered before the look"
TAG = "hypothesis_hash"


def check(evidence: Evidence) -> Outcome:
    """Compare the hypothesis with the one recorded when the cycle began, and that compared by."""
    hypothesis = evidence.hypothesis
    if not hypothesis.statement.strip() or not hypothesis.expected_outcome.strip():
        return Outcome("failed", "The hypothesis has no statement, or no expected outcome.")
    now = fingerprint(hypothesis)
    compared = evidence.comparison.evidence.get("hypothesis")
    if compared != now:
        return Outcome("failed", "The models were compared by another hypothesis than the present.")
    tags = recorded_tags()
    if not tags:
        return Outcome("not_run", "No record is active, so nothing was registered.")
    if TAG not in tags:
        return Outcome("failed", f"The record has no tag '{TAG}': no hypothesis was registered.")
    if tags[TAG] != now:
        return Outcome(
            "failed", f"Registered was hypothesis {tags[TAG][:12]}, but the present is {now[:12]}."
        )
    return Outcome("passed", f"Hypothesis {hypothesis.id} was registered as {now[:12]}.")
