"""What is known of a split, as it is stored."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from experiment_cycle.options import Record
from experiment_cycle.problem import Task


class SplitPart(Record):
    """One of train, validation and test."""

    rows: int
    share: float
    groups: int | None
    positive_share: float | None
    """None where the target is not one of two classes."""
    rows_hash: str
    """SHA-256 of the sorted row positions."""
    target_mean: float | None = None
    """None where the target is not a number with many levels."""
    keys_hash: str = ""
    """SHA-256 of the sorted row keys (see `row_keys`), which do not depend on positions."""


class Deviation(Record):
    """A size that could not be kept, and why."""

    part: str
    requested: int
    got: int
    reason: str


class Inherited(Record):
    """What was taken over from the champion's split."""

    version: int
    """Of the champion, in the model registry."""
    split: str
    """Hash of its split manifest."""
    old_rows: int
    new_rows: int


class SplitManifest(Record):
    """The row assignment: how it was made, what came of it, what was proved of the result."""

    hash: str
    """SHA-256 over dataset content hash and the rows of every part."""
    content_hash: str
    strategy: str
    task: Task | None = None
    """None: it was judged by what the target looks like."""
    seed: int
    requested: dict[str, float]
    parts: dict[str, SplitPart]
    guarantees: dict[str, bool]
    """Such as every_row_once, groups_undivided, every_class_in_every_part."""
    override_reason: str | None
    purged: dict[str, int] = Field(default={})
    """Rows in no part, by reason (see `splitting.parts.REASONS`)."""
    deviations: tuple[Deviation, ...] = ()
    boundaries: dict[str, str | float] = Field(default={})
    """The first moment of validation and of test, where the parts follow each other in time."""
    settings: dict[str, str | float | None] = Field(default={})
    """What a later split must share with this one to go on with it."""
    inherited: Inherited | None = None


class Finding(Record):
    """What one leakage check found."""

    code: str
    title: str
    severity: Literal["high", "medium", "low"]
    status: Literal["passed", "failed", "warning", "not_applicable", "waived"]
    message: str
    evidence: dict[str, Any]
    """Among others `accused`: for each accusation its columns, rows, statistic and threshold."""
    columns: tuple[str, ...] = ()
    """The columns the status is about."""
    waiver: dict[str, str] | None = None
    """`reason` and `by`, where the status is waived."""


class LeakageReport(Record):
    """All leakage checks; `passed` unless one of them failed and nobody answers for it."""

    passed: bool
    findings: tuple[Finding, ...]
    unused_waivers: tuple[str, ...] = ()
    """A sentence for each waiver that no finding needed."""
