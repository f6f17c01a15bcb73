"""LEAK004: one column tells the target almost by itself."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from experiment_cycle.splitting.leakage.context import TRAIN, Audit
from experiment_cycle.splitting.leakage.encoded import Column, Rows, Target
from experiment_cycle.splitting.leakage.findings import (
    About,
    Accusation,
    conclude,
    not_applicable,
)
from experiment_cycle.splitting.leakage.strength import (
    FOLDS,
    auc,
    boosted,
    cells,
    cross_fitted,
    explained,
    folds_of,
    score,
)
from experiment_cycle.splitting.records import Finding

ABOUT = About("LEAK004", "A column stands for the target", "high")
ROWS = 20_000
MODEL_ROWS = 6_000
MODEL_FOLDS = 3
CELLS = 64
CANDIDATES = 3
FEWEST_ROWS = 50
CERTAIN = 0.98
"""A column with this AUC, or R², by itself is a proxy if all others together miss three times as
much."""
MISSES = 3.0
IDENTICAL = 0.9995
"""Beyond, a column is the target written otherwise, whatever the others tell."""
SUSPECT = {"auc": 0.75, "r2": 0.5}
"""A column that tells so much by itself is asked how much it alone adds to all others."""
UNIQUE = 0.35
"""Share of what all columns tell that is lost without it: beyond, it warns."""
LEAST_TOLD = 0.1
FEWEST_OTHERS = 4
"""Where less is told, or by fewer others, the share says nothing."""


class Told(NamedTuple):
    """What a column tells of the target.

    Attributes:
        column: The column.
        alone: By itself: AUC, or R² of a number; cross-fitted on train rows.
        rest: All other features by boosted trees, likewise; NaN if not asked.
        unique: Share of what all features explain that is lost without it; NaN if not asked.
    """

    column: Column
    alone: float
    rest: float = float("nan")
    unique: float = float("nan")


def check(audit: Audit) -> Finding:
    """Look for columns that are the target in disguise, or known only with it (type L2).

    Strength alone proves nothing: a strong column can be legitimate. It fails where it tells the
    target nearly perfectly and all others together fall far behind. Where it tells much that no
    other column tells, it warns, for only who made the table knows when its value is known.
    """
    rows = audit.sample(TRAIN, ROWS)
    if not audit.table or len(rows) < FEWEST_ROWS:
        return not_applicable(ABOUT, "There are no features, or too few train rows.")
    number = audit.target.number
    known = audit.target.take(rows)
    if float(known.values.std(axis=0).max()) == 0:
        return not_applicable(ABOUT, "The target has one value only in train.")
    told = alone(audit)
    bar = SUSPECT["r2" if number else "auc"]
    asked = sorted((each for each in told if each.alone >= bar), key=lambda each: -each.alone)
    judged = _ask(audit, asked[:CANDIDATES])
    measure = "R²" if number else "AUC"
    best = max(told, key=lambda each: each.alone)
    return conclude(
        audit,
        ABOUT,
        [each for each in (_judge(one, measure) for one in judged) if each is not None],
        f"No column stands for the target: the strongest, '{best.column.name}', has {measure} "
        f"{best.alone:.3f} by itself.",
        "find out when its value is known. If with the outcome or after it, write so in "
        "'columns.known_at' (such as {column: outcome}), which withholds it; if it is known when "
        "predicting, waive it in 'splitting.audit.waivers'.",
        train_rows=len(rows),
        measure="r2" if number else "auc",
        alone={each.column.name: each.alone for each in told},
        judged={
            each.column.name: {"rest": each.rest, "unique_share": each.unique} for each in judged
        },
    )


def alone(audit: Audit) -> list[Told]:
    """Measure each feature by itself, once an audit."""
    if "alone" not in audit.shared:
        rows = audit.sample(TRAIN, ROWS)
        folds = folds_of(audit.units[rows], FOLDS, audit.random("folds"))
        target = audit.target.take(rows)
        audit.shared["alone"] = [
            Told(column, _strength(column, rows, target, folds)) for column in audit.table
        ]
    told: list[Told] = audit.shared["alone"]
    return told


def _strength(column: Column, rows: Rows, target: Target, folds: Rows) -> float:
    """Measure a column by cells, and by its order, which needs no fit: the better counts."""
    cell = cells(column, rows, _many(len(rows)))
    reached = score(cross_fitted(cell, target.values, folds), target)
    if column.values is None or not np.isfinite(column.values[rows]).all():
        return reached
    value = column.values[rows]
    if target.number and value.std() > 0:
        straight = float(np.corrcoef(value, target.values[:, 0])[0, 1]) ** 2
        return max(reached, straight)
    if target.values.shape[1] == 1:
        ordered = auc(value, target.values[:, 0] > 0)
        return max(reached, ordered, 1 - ordered)
    return reached


def _many(rows: int) -> int:
    return int(np.clip(rows // 20, 8, CELLS))


def without(audit: Audit, names: set[str]) -> float:
    """Measure all features together but some: AUC or R², cross-fitted on train rows."""
    return _fitted(audit, [one for one in audit.table if one.name not in names])[0]


def _ask(audit: Audit, suspects: list[Told]) -> list[Told]:
    if not suspects:
        return []
    everything = _fitted(audit, audit.table)[1]
    # two columns that are both the target would vouch for each other
    same = {each.column.name for each in alone(audit) if each.alone >= IDENTICAL}
    asked = []
    for each in suspects:
        others = [one for one in audit.table if one.name not in same | {each.column.name}]
        rest, of_rest = _fitted(audit, others)
        most = max(everything, of_rest)
        telling = most > LEAST_TOLD and len(others) >= FEWEST_OTHERS
        unique = (most - max(0.0, of_rest)) / most if telling else 0.0
        asked.append(each._replace(rest=rest, unique=unique))
    return asked


def _fitted(audit: Audit, columns: list[Column]) -> tuple[float, float]:
    rows = audit.sample(TRAIN, MODEL_ROWS)
    folds = folds_of(audit.units[rows], MODEL_FOLDS, audit.random("models"))
    known = audit.target.take(rows)
    predicted = boosted(columns, audit.target, rows, folds, audit.seed % 2**31)
    return score(predicted, known), explained(predicted, known.values)


def _judge(told: Told, measure: str) -> Accusation | None:
    name = told.column.name
    ahead = f"all others together have {told.rest:.3f}"
    if told.alone >= IDENTICAL and told.rest < CERTAIN:
        message = f"'{name}' is the target written otherwise: {measure} {told.alone:.4f} by itself."
        return Accusation((name,), "failed", message, told.alone, IDENTICAL)
    if told.alone >= CERTAIN and 1 - told.rest >= MISSES * (1 - told.alone):
        message = f"'{name}' tells the target by itself: {measure} {told.alone:.3f}; {ahead}."
        return Accusation((name,), "failed", message, told.alone, CERTAIN)
    if told.unique >= UNIQUE:
        message = (
            f"'{name}' tells by itself much of the target ({measure} {told.alone:.3f}), and "
            f"{told.unique:.0%} of what all columns explain is lost without it: it may be known "
            "only with the outcome."
        )
        return Accusation((name,), "warning", message, told.unique, UNIQUE)
    return None
