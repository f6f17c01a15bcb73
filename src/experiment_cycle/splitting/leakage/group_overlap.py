"""LEAK001: rows of one declared group or query are on both sides of the split."""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiment_cycle.splitting.leakage.context import TEST, TRAIN, Audit
from experiment_cycle.splitting.leakage.findings import (
    About,
    Accusation,
    conclude,
    not_applicable,
)
from experiment_cycle.splitting.records import Finding

ABOUT = About("LEAK001", "Group overlap", "high")
SHOWN = 5


def check(audit: Audit) -> Finding:
    """Look for groups and queries with rows in more than one of train, validation and test.

    Rows of one person or household resemble each other. If a model has seen some of them, the
    others tell how well it remembers, not how well it predicts (type L3.2 of Kapoor and Narayanan,
    Patterns 4(9), 2023). Structural: a single one fails.
    """
    names = [name for name in (audit.columns.group, audit.columns.query) if name is not None]
    if not names:
        return not_applicable(
            ABOUT, "No group column is declared ('columns.group' in parameters_task.yml)."
        )
    frame = audit.snapshot.to_pandas(list(dict.fromkeys(names)))
    found = [_overlap(audit, frame[name]) for name in dict.fromkeys(names)]
    counted = found[0][1]
    return conclude(
        audit,
        ABOUT,
        [accusation for accusation, _ in found if accusation is not None],
        " ".join(
            f"None of the {each['groups']:,} groups ('{name}') is on two sides of the split."
            for name, (_, each) in zip(dict.fromkeys(names), found, strict=True)
        ),
        "set 'splitting.strategy' to stratified_group or group.",
        group_column=names[0],
        **counted,
    )


def _overlap(audit: Audit, values: pd.Series) -> tuple[Accusation | None, dict[str, object]]:
    groups, levels = pd.factorize(values, use_na_sentinel=False)
    part = audit.part
    inside = (part >= TRAIN) & (part <= TEST)
    held = np.zeros(len(levels), dtype=np.int64)
    for code in range(TRAIN, TEST + 1):
        held += np.bincount(groups[part == code], minlength=len(levels)) > 0
    divided = held > 1
    of_divided = divided[groups] & inside
    tested, test_rows = int((of_divided & (part == TEST)).sum()), int((part == TEST).sum())
    many, total = int(divided.sum()), int((held > 0).sum())
    counted: dict[str, object] = {
        "groups": total,
        "groups_divided": many,
        "rows_of_divided_groups": int(of_divided.sum()),
        "test_rows_of_divided_groups": tested,
        "first_divided_groups": [
            str(value) for value in values[of_divided].drop_duplicates().head(SHOWN)
        ],
    }
    if not many:
        return None, counted
    message = (
        f"{many:,} of {total:,} groups ('{values.name}') have rows in more than one of train, "
        f"validation and test; {tested:,} of {test_rows:,} test rows belong to such a group, so "
        "that the model may know them already."
    )
    return Accusation((str(values.name),), "failed", message, many, 0, tested), counted
