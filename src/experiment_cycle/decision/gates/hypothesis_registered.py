"""Gate: the hypothesis was recorded before the test set was looked at."""

from __future__ import annotations

from collections.abc import Mapping

from experiment_cycle.decision.gates.evidence import Evidence, Outcome
from experiment_cycle.hypothesis import Hypothesis
from experiment_cycle.options import fingerprint
from experiment_cycle.tracking.record import recorded_parameters, recorded_tags
from experiment_cycle.tracking.translation import parameters_of

TITLE = "Hypothesis registered before the look"
TAG = "hypothesis_hash"


def check(evidence: Evidence) -> Outcome:
    """Compare the hypothesis with the one recorded when the cycle began, and that compared by.

    The record opens before the first node runs, and so before any look. A tag can be written over
    later; a parameter of an MLflow run cannot, so that each of the hypothesis's must be as it is.
    """
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
    told = _told_by_record(tags, hypothesis, now)
    if told is not None:
        return Outcome("failed", told)
    return Outcome("passed", f"Hypothesis {hypothesis.id} was registered as {now[:12]}.")


def _told_by_record(tags: Mapping[str, str], hypothesis: Hypothesis, now: str) -> str | None:
    """Say what speaks against it in the record; None where nothing does."""
    if TAG not in tags:
        return f"The record has no tag '{TAG}': no hypothesis was registered."
    if tags[TAG] != now:
        return f"Registered was hypothesis {tags[TAG][:12]}, but the present is {now[:12]}."
    registered = recorded_parameters()
    expected = parameters_of({"hypothesis": hypothesis.model_dump(mode="json")}).values
    other = [name for name, value in expected.items() if registered.get(name) != value]
    if other:
        return f"The record began with another hypothesis: {', '.join(other)} differ."
    return None
