"""Run all leakage checks over a split."""

from __future__ import annotations

import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.leakage import duplicate_rows, group_overlap
from experiment_cycle.splitting.manifest import check_assignment
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.records import LeakageReport


def audit_leakage(
    snapshot: Snapshot, assignment: pd.DataFrame, columns: Columns, options: SplittingOptions
) -> LeakageReport:
    """Look for leakage between train, validation and test.

    Args:
        snapshot: The dataset.
        assignment: The part of each row, as `assign` returns it.
        columns: The roles of the columns.
        options: They say how many identical rows are allowed.

    Raises:
        IntegrityError: the assignment is not one of this dataset.
    """
    check_assignment(snapshot, assignment)
    findings = (
        group_overlap.check(snapshot, assignment, columns),
        duplicate_rows.check(snapshot, assignment, columns, options.max_duplicate_share),
    )
    return LeakageReport(
        passed=all(finding.status != "failed" for finding in findings), findings=findings
    )
