"""Gate: the code that trained the challenger is a commit anyone can check out."""

from __future__ import annotations

from experiment_cycle.decision.gates.evidence import Evidence, Outcome
from experiment_cycle.training.records import Environment

TITLE = "Code is committed"


def check(evidence: Evidence) -> Outcome:
    """Read the commit, and whether anything was changed since."""
    environment = Environment.model_validate(evidence.environment)
    commit = environment.git_commit
    if commit is None:
        return Outcome("not_run", "The project is not under git, or has no commit yet.")
    if not environment.git_clean:
        return Outcome("failed", f"There are uncommitted changes on top of commit {commit[:12]}.")
    return Outcome("passed", f"Commit {commit[:12]}, nothing changed since.")
