"""What is known of a split, as it is stored."""

from __future__ import annotations

from typing import Any, Literal

from experiment_cycle.options import Record


class SplitPart(Record):
    """One of train, validation and test."""

    rows: int
    share: float
    groups: int | None
    positive_share: float
    rows_hash: str
    """SHA-256 of the sorted row positions."""


class SplitManifest(Record):
    """The row assignment: how it was made, what came of it, what was proved of the result."""

    hash: str
    """SHA-256 over dataset content hash and the rows of every part."""
    content_hash: str
    strategy: str
    seed: int
    requested: dict[str, float]
    parts: dict[str, SplitPart]
    guarantees: dict[str, bool]
    """Such as every_row_once, groups_undivided, every_class_in_every_part."""
    override_reason: str | None


class Finding(Record):
    """What one leakage check found."""

    code: str
    title: str
    severity: Literal["high", "medium", "low"]
    status: Literal["passed", "failed", "warning", "not_applicable"]
    message: str
    evidence: dict[str, Any]


class LeakageReport(Record):
    """All leakage checks; `passed` unless one of them failed."""

    passed: bool
    findings: tuple[Finding, ...]
