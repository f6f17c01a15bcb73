"""Gate: no leakage was found between the splits."""

from __future__ import annotations

from experiment_cycle.decision.gates.evidence import Evidence, Outcome
from experiment_cycle.splitting.records import LeakageReport

TITLE = "No leakage between the splits"


def check(evidence: Evidence) -> Outcome:
    """Read the leakage report; one in which no check ran has not passed."""
    report = LeakageReport.model_validate(evidence.leakage_report)
    ran = [item for item in report.findings if item.status != "not_applicable"]
    failed = [item for item in ran if item.status == "failed"]
    if failed:
        told = " ".join(f"{item.code}: {item.message}" for item in failed)
        return Outcome("failed", told)
    if not report.passed:
        return Outcome("failed", "The leakage report has not passed, but names no failed check.")
    if not ran:
        return Outcome("not_run", "No leakage check was applicable.")
    warned = [item.code for item in ran if item.status == "warning"]
    clean = [item.code for item in ran if item.status == "passed"]
    sentences = [f"{', '.join(clean)} found no leakage."] if clean else []
    if warned:
        sentences.append(f"{', '.join(warned)} warned of what is below the bar.")
    return Outcome("passed", " ".join(sentences))
