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
    told = f"{', '.join(item.code for item in ran)} found no leakage"
    return Outcome("passed", f"{told}; warnings: {', '.join(warned)}." if warned else f"{told}.")
