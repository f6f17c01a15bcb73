"""Gate: no leakage was found between the splits."""

from __future__ import annotations

from experiment_cycle.decision.gates.evidence import Evidence, Outcome
from experiment_cycle.splitting.records import Finding, LeakageReport

TITLE = "No leakage between the splits"
CANARIES = ("LEAK017", "LEAK018", "LEAK019")
"""Checks that run the project's pipelines again, on request."""


def check(evidence: Evidence) -> Outcome:
    """Read the leakage report; one in which no check ran has not passed."""
    report = LeakageReport.model_validate(evidence.leakage_report)
    audit = evidence.audit
    if audit is not None and audit.split_problems:
        return Outcome("failed", " ".join(audit.split_problems))
    again = {} if audit is None else {item.code: item for item in audit.findings}
    findings = ({item.code: item for item in report.findings} | again).values()
    ran = [item for item in findings if item.status != "not_applicable"]
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
    waived = [item for item in ran if item.status == "waived"]
    sentences = [f"{', '.join(clean)} found no leakage."] if clean else []
    if warned:
        sentences.append(f"{', '.join(warned)} warned of what is below the bar.")
    sentences += [f"{item.code} is waived: {_waiver(item)}." for item in waived]
    lacking = [code for code in CANARIES if code not in again]
    if lacking:
        sentences.append(f"{', '.join(lacking)} did not run for this split: kedro cycle audit.")
    return Outcome("passed", " ".join(sentences))


def _waiver(finding: Finding) -> str:
    waiver = finding.waiver or {}
    return f"{waiver.get('reason')} ({waiver.get('by')})"
