"""Run all leakage checks over a split."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from experiment_cycle.columns import Columns
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.leakage import (
    duplicate_rows,
    group_overlap,
    identifier_like,
    joint_proxy,
    look_ahead,
    missing_purge,
    near_duplicates,
    not_yet_known,
    population,
    row_order,
    split_bias,
    target_encoding,
    target_proxy,
    temporal_overlap,
    undeclared_groups,
)
from experiment_cycle.splitting.leakage.context import Audit
from experiment_cycle.splitting.leakage.options import AuditOptions, Waiver
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.parts import check_assignment, part_codes
from experiment_cycle.splitting.records import Finding, LeakageReport

CHECKS: tuple[Callable[[Audit], Finding], ...] = (
    group_overlap.check,
    duplicate_rows.check,
    near_duplicates.check,
    target_proxy.check,
    joint_proxy.check,
    not_yet_known.check,
    identifier_like.check,
    row_order.check,
    target_encoding.check,
    temporal_overlap.check,
    missing_purge.check,
    look_ahead.check,
    undeclared_groups.check,
    split_bias.check,
    population.check,
)
"""In the order of their codes."""

log = logging.getLogger(__name__)


def audit_leakage(
    snapshot: Snapshot,
    assignment: pd.DataFrame,
    columns: Columns,
    options: SplittingOptions,
    audit: AuditOptions | None = None,
    seed: int = 0,
) -> LeakageReport:
    """Look for leakage between train, validation and test.

    Args:
        snapshot: The dataset.
        assignment: The part of each row, as `assign` returns it.
        columns: The roles of the columns.
        options: How the rows were to be split.
        audit: Waivers and the population of the claim; default: those of `options`.
        seed: Where all random choices come from.

    Raises:
        IntegrityError: the assignment is not one of this dataset.
        ConfigurationError: the declared population cannot be read, or has an unknown column.
    """
    check_assignment(snapshot, assignment)
    told = audit or options.audit
    context = Audit(
        snapshot=snapshot,
        part=part_codes(assignment),
        columns=columns,
        options=told,
        max_duplicate_share=options.max_duplicate_share,
        label_horizon=options.label_horizon,
        feature_lookback=options.feature_lookback,
        seed=seed,
    )
    # one thread: sums of floats then add up in one order, and come out equal to the last digit
    # squares of numbers near the greatest there is overflow: such a column explains nothing
    with threadpool_limits(limits=1), np.errstate(all="ignore"):
        findings = tuple(check(context) for check in CHECKS)
    unused = tuple(_unused(told.waivers, findings))
    for sentence in unused:
        log.warning(sentence)
    return LeakageReport(
        passed=all(finding.status != "failed" for finding in findings),
        findings=findings,
        unused_waivers=unused,
    )


def _unused(waivers: Sequence[Waiver], findings: Sequence[Finding]) -> list[str]:
    """Say which waivers of checks that ran here waive nothing."""
    by_code = {finding.code: finding for finding in findings}
    sentences = []
    for waiver in waivers:
        finding = by_code.get(waiver.code)
        if finding is None:
            continue
        accused = finding.evidence.get("accused", [])
        if any(waiver.column in (None, *each["columns"]) for each in accused):
            continue
        of = f" of '{waiver.column}'" if waiver.column else ""
        sentences.append(
            f"The waiver of {waiver.code}{of} by {waiver.by} matches nothing the check found. "
            "Next step: remove it from 'splitting.audit.waivers', or correct code and column."
        )
    return sentences
