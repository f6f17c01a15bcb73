"""Gate: everything the decision will cite can be cited, by hash."""

from __future__ import annotations

import re

from experiment_cycle.decision.gates.evidence import Evidence, Outcome

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
    """See that claim and outcome are in words, and each piece of evidence has its hash."""
    comparison = evidence.comparison
    lacking = [name for name in CITED if not SHA256.fullmatch(comparison.evidence.get(name, ""))]
    if not evidence.hypothesis.statement.strip():
        lacking.append("statement of the hypothesis")
    if not comparison.identical and (comparison.look is None or comparison.primary is None):
        lacking.append("look and primary verdict")
    if not evidence.environment.get("packages"):
        lacking.append("environment")
    if lacking:
        return Outcome("failed", f"The decision could not cite: {', '.join(lacking)}.")
    return Outcome("passed", f"The decision cites {len(CITED)} pieces of evidence by hash.")
