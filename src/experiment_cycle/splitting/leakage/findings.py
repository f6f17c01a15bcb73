"""From what a check accuses to its finding: the worst counts, and what is waived is set apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from experiment_cycle.splitting.leakage.context import Audit
from experiment_cycle.splitting.leakage.options import Waiver
from experiment_cycle.splitting.records import Finding

SHOWN = 5


class About(NamedTuple):
    """Name a check."""

    code: str
    title: str
    severity: Literal["high", "medium", "low"]


class Accusation(NamedTuple):
    """What a check holds against one column, a set of columns, or the split (no column).

    Attributes:
        columns: The columns it is about.
        status: `failed` or `warning`.
        message: A sentence for a person, without the remedy.
        statistic: What was measured.
        threshold: The bound that it passed.
        rows: The rows concerned, where they can be counted.
    """

    columns: tuple[str, ...]
    status: Literal["failed", "warning"]
    message: str
    statistic: float
    threshold: float
    rows: int | None = None


def not_applicable(about: About, message: str) -> Finding:
    """Say why a check has nothing to look at."""
    code, title, severity = about
    return Finding(
        code=code,
        title=title,
        severity=severity,
        status="not_applicable",
        message=message,
        evidence={},
    )


def conclude(
    audit: Audit,
    about: About,
    accusations: Sequence[Accusation],
    passed: str,
    remedy: str,
    **evidence: Any,
) -> Finding:
    """Make the finding of a check.

    An accusation is waived if a waiver has its code and names one of its columns, or no column.
    The finding has the worst status of those that are not; it is waived only if all of them are.

    Args:
        audit: It has the waivers.
        about: The check.
        accusations: What it found; none: passed.
        passed: The sentence if nothing was found.
        remedy: What to do about it, in one or two sentences.
        evidence: More of what was measured; finite numbers and text only.
    """
    waivers = [waiver for waiver in audit.options.waivers if waiver.code == about.code]
    pairs = [(each, _waiver(each, waivers)) for each in accusations]
    waived = [(each, waiver) for each, waiver in pairs if waiver is not None]
    standing = [each for each, waiver in pairs if waiver is None]
    worst = [each for each in standing if each.status == "failed"] or standing
    listed = [
        each._asdict() | {"columns": list(each.columns), "waived": waiver is not None}
        for each, waiver in pairs
    ]
    status: Literal["passed", "failed", "warning", "waived"] = "passed"
    if worst:
        status = worst[0].status
    elif waived:
        status = "waived"
    told = worst or [each for each, _ in waived]
    message = passed
    if told:
        more = f" And {len(told) - SHOWN} more." if len(told) > SHOWN else ""
        message = " ".join(each.message for each in told[:SHOWN]) + more
        message += f" Remedy: {remedy}" if worst else ""
    reason = waived[0][1] if status == "waived" else None
    if reason is not None:
        message += f" Waived by {reason.by}: {reason.reason}"
    return Finding(
        code=about.code,
        title=about.title,
        severity=about.severity,
        status=status,
        message=message,
        evidence={**evidence, "accused": listed} if listed else dict(evidence),
        columns=tuple(dict.fromkeys(name for each in told for name in each.columns)),
        waiver=None if reason is None else {"reason": reason.reason, "by": reason.by},
    )


def _waiver(accusation: Accusation, waivers: Sequence[Waiver]) -> Waiver | None:
    for waiver in waivers:
        if waiver.column is None or waiver.column in accusation.columns:
            return waiver
    return None
