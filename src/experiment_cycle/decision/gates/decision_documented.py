"""Gate: everything the decision will cite can be cited, by hash."""

from __future__ import annotations

import re

from experiment_cycle.decision.gates.evidence import Evidence, Outcome
from experiment_cycle.options import fingerprint

TITLE = "Decision is documented"

CITED = (
    "content",
    "split_manifest",
    "test_rows",
    "hypothesis",
    "challenger",
    "incumbent",
    "challenger_predictions",
    "incumbent_predictions",
)
SHA256 = re.compile(r"[0-9a-f]{64}")


def check(evidence: Evidence) -> Outcome:
    """See that claim and outcome are in words, and each piece of evidence has its own hash."""
    comparison = evidence.comparison
    lacking = [name for name in CITED if not SHA256.fullmatch(comparison.evidence.get(name, ""))]
    if not evidence.hypothesis.statement.strip():
        lacking.append("statement of the hypothesis")
    if not comparison.identical and (comparison.look is None or comparison.primary is None):
        lacking.append("look and primary verdict")
    if not evidence.environment.get("packages"):
        lacking.append("environment")
    if not evidence.hypothesis.expected_outcome.strip():
        lacking.append("expected outcome")
    if lacking:
        return Outcome("failed", f"The decision could not cite: {', '.join(lacking)}.")
    others = [name for name, own in _in_hand(evidence).items() if comparison.evidence[name] != own]
    if others:
        return Outcome(
            "failed",
            f"What the decision would cite is not what it rests on: {', '.join(others)}.",
        )
    return Outcome("passed", f"The decision cites {len(CITED)} pieces of evidence by hash.")


def _in_hand(evidence: Evidence) -> dict[str, str]:
    """Tell the hashes of what the decision rests on; those of predictions are read back elsewhere.

    See the gate `artifacts_logged`.
    """
    return {
        "content": evidence.dataset_version["content_hash"],
        "split_manifest": evidence.split_manifest["hash"],
        "test_rows": evidence.comparison.rows_hash,
        "hypothesis": fingerprint(evidence.hypothesis),
        "challenger": evidence.challenger_record["identity"],
        "incumbent": evidence.incumbent_record["identity"],
    }
