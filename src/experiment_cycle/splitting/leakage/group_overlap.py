"""LEAK001: rows of one group are on both sides of the split."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.manifest import divided_groups, part_codes
from experiment_cycle.splitting.records import Finding
from experiment_cycle.splitting.strategies import PARTS

CODE = "LEAK001"
TITLE = "Group overlap"
SHOWN = 5

Status = Literal["passed", "failed", "not_applicable"]


def check(snapshot: Snapshot, assignment: pd.DataFrame, columns: Columns) -> Finding:
    """Look for groups with rows in more than one of train, validation and test.

    Rows of one person or household resemble each other. If a model has seen some of them, the
    others tell how well it remembers, not how well it predicts (type L3.2 of Kapoor and Narayanan,
    Patterns 4(9), 2023).

    Args:
        snapshot: The dataset.
        assignment: The part of each row, as `assign` returns it.
        columns: The roles of the columns.
    """
    if columns.group is None:
        return _finding(
            "not_applicable",
            "No group column is declared ('columns.group' in parameters_task.yml).",
            {},
        )
    frame = snapshot.to_pandas([columns.group])
    groups = columns.groups(frame)
    part = part_codes(assignment)
    tests = part == PARTS.index("test")
    divided = divided_groups(part, groups)
    of_divided = np.isin(groups, divided)
    tested = int((of_divided & tests).sum())
    total, test_rows = len(np.unique(groups)), int(tests.sum())
    message = f"None of the {total:,} groups ('{columns.group}') is on two sides of the split."
    if len(divided):
        message = (
            f"{len(divided):,} of {total:,} groups ('{columns.group}') have rows in more than one "
            f"of train, validation and test; {tested:,} of {test_rows:,} test rows belong to such "
            "a group, so that the model may know them already. Remedy: set 'splitting.strategy' "
            "to stratified_group or group."
        )
    return _finding(
        "failed" if len(divided) else "passed",
        message,
        {
            "group_column": columns.group,
            "groups": total,
            "groups_divided": len(divided),
            "rows_of_divided_groups": int(of_divided.sum()),
            "test_rows_of_divided_groups": tested,
            "first_divided_groups": _first(frame[columns.group][of_divided]),
        },
    )


def _first(values: pd.Series) -> list[str]:
    """Name the first few groups as text."""
    return [str(value) for value in values.drop_duplicates().head(SHOWN)]


def _finding(status: Status, message: str, evidence: dict[str, Any]) -> Finding:
    return Finding(
        code=CODE,
        title=TITLE,
        severity="high",
        status=status,
        message=message,
        evidence=evidence,
    )
