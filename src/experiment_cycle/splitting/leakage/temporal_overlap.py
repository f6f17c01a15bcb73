"""LEAK010: train rows are as late as test rows, or later."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from experiment_cycle.splitting.leakage.context import TEST, TRAIN, VALIDATION, Audit
from experiment_cycle.splitting.leakage.encoded import Column
from experiment_cycle.splitting.leakage.findings import (
    About,
    Accusation,
    conclude,
    not_applicable,
)
from experiment_cycle.splitting.records import Finding

ABOUT = About("LEAK010", "Parts overlap in time", "high")
NAMES = {TRAIN: "train", VALIDATION: "validation", TEST: "test"}
ORDERED = 0.99
"""Share of the rows in order from which on the file is sorted by a date."""


def check(audit: Audit) -> Finding:
    """Compare the last moment of each part with the first of the next (type L3.1).

    Structural where `columns.time` is declared: a single row of train that is not earlier than all
    of validation and test fails. Where it is not, a date the file is sorted by is a warning, unless
    the parts follow it.
    """
    if audit.moments is None:
        return _undeclared(audit)
    values, name = audit.moments.values, audit.moments.column
    present = [code for code in NAMES if (audit.part == code).any()]
    accusations, gaps = [], {}
    for one, other in pairwise(present):
        last, first = values[audit.part == one].max(), values[audit.part == other].min()
        gaps[f"{NAMES[one]}_to_{NAMES[other]}"] = {
            "last": audit.moments.written(last.item()),
            "first": audit.moments.written(first.item()),
        }
        late = int((values[audit.part == one] >= first).sum())
        if late:
            total = int((audit.part == one).sum())
            message = (
                f"{late:,} of {total:,} {NAMES[one]} rows are not earlier ('{name}') than the "
                f"first {NAMES[other]} row: a model learns from what it is to predict."
            )
            accusations.append(Accusation((name,), "failed", message, late, 0, late))
    return conclude(
        audit,
        ABOUT,
        accusations,
        f"Every part ends before the next begins ('{name}').",
        "set 'splitting.strategy' to time (or group_time).",
        parts=gaps,
    )


def _undeclared(audit: Audit) -> Finding:
    dates = [column for column in audit.table if column.kind == "moment"]
    if not dates:
        return not_applicable(
            ABOUT, "No time column is declared ('columns.time' in parameters_task.yml)."
        )
    accusations = [
        Accusation(
            (column.name,),
            "warning",
            f"The file is sorted by the date '{column.name}', but the parts do not follow it.",
            value,
            ORDERED,
        )
        for column in dates
        for value in [_sorted_by(column)]
        if value >= ORDERED and _interleaved(audit, column)
    ]
    return conclude(
        audit,
        ABOUT,
        accusations,
        "No time column is declared, and the file is not sorted by a date that the parts ignore.",
        "if it is the moment of prediction, name it in 'columns.time' and split by time.",
        dates=[column.name for column in dates],
    )


def _sorted_by(column: Column) -> float:
    """Share of the rows that are not earlier, or not later, than the row before."""
    steps = np.diff(column.codes)
    return float(max((steps >= 0).mean(), (steps <= 0).mean())) if len(steps) else 0.0


def _interleaved(audit: Audit, column: Column) -> bool:
    train, test = (column.codes[audit.parts == code] for code in (TRAIN, TEST))
    return bool(len(train) and len(test) and train.max() >= test.min())
