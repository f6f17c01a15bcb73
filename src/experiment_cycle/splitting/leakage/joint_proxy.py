"""LEAK005: columns that tell the target only together."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from experiment_cycle.splitting.leakage.context import TRAIN, Audit
from experiment_cycle.splitting.leakage.encoded import Column, Rows, Target
from experiment_cycle.splitting.leakage.findings import (
    About,
    Accusation,
    conclude,
    not_applicable,
)
from experiment_cycle.splitting.leakage.formula import find_formula
from experiment_cycle.splitting.leakage.strength import (
    FOLDS,
    cells,
    cross_fitted,
    explained,
    folds_of,
    score,
)
from experiment_cycle.splitting.leakage.target_proxy import (
    CERTAIN,
    FEWEST_ROWS,
    MISSES,
    Told,
    alone,
    without,
)
from experiment_cycle.splitting.records import Finding

ABOUT = About("LEAK005", "Columns stand for the target together", "high")
ROWS = 5_000
MOST_PAIRS = 8_000
MOST_SIDE = 16
"""Cells on each side of a pair."""
LEVELS = 64
REFINED = 3
PAIR = 2
LITTLE = 0.85
"""AUC or R² of either column alone above which a pair only warns: strong columns add up."""
WARNS = 0.95
"""AUC or R² of a pair that is worth a word, if its columns fall as far behind as for `CERTAIN`."""


def check(audit: Audit) -> Finding:
    """Look for pairs of columns, and for formulas, that give the target.

    Every pair of columns is cut into cells, whose cross-fitted means predict the target: an XOR of
    two columns is found so, of which each alone tells nothing. The best pairs are tried with a
    tree. Sums, differences, products and ratios of columns are found by least squares.
    """
    rows = audit.sample(TRAIN, ROWS)
    if len(audit.table) < PAIR or len(rows) < FEWEST_ROWS:
        return not_applicable(ABOUT, "There are fewer than two features, or too few train rows.")
    accusations = []
    formula = find_formula(audit, rows)
    if formula is not None:
        message = f"The target is computed from other columns: {formula.text}."
        accusations.append(
            Accusation(formula.columns, "failed", message, formula.explained, formula.threshold)
        )
    pairs = _pairs(audit, rows)
    accusations += [each for each in (_judge(*pair, audit) for pair in pairs) if each is not None]
    best = max((value for _, _, value in pairs), default=0.0)
    return conclude(
        audit,
        ABOUT,
        accusations,
        f"No formula and no pair of columns gives the target; the best pair reaches "
        f"{'R²' if audit.target.number else 'AUC'} {best:.3f}.",
        "find out when these columns are known; where their values come with the outcome, write "
        "so in 'columns.known_at' (such as {column: outcome}), which withholds them.",
        train_rows=len(rows),
        best_pairs=[
            {"columns": [a.column.name, b.column.name], "value": value} for a, b, value in pairs
        ],
    )


def _pairs(audit: Audit, rows: Rows) -> list[tuple[Told, Told, float]]:
    """Find the pairs that tell most, each with what it tells, cross-fitted."""
    folds = folds_of(audit.units[rows], FOLDS, audit.random("folds"))
    target = audit.target.take(rows)
    side = int(np.clip(np.sqrt(len(rows) / 12), 4, MOST_SIDE))
    usable = [each for each in alone(audit) if not _too_many_levels(each.column)]
    limit = int(np.sqrt(2 * MOST_PAIRS))
    if len(usable) > limit:
        chosen = np.sort(audit.random("pairs").permutation(len(usable))[:limit])
        usable = [usable[place] for place in chosen]
    cut = [cells(each.column, rows, side) for each in usable]
    found = []
    for i, j in combinations(range(len(usable)), 2):
        joint = cut[i] * (int(cut[j].max()) + 1) + cut[j]
        found.append((explained(cross_fitted(joint, target.values, folds), target.values), i, j))
    best = sorted(found, key=lambda each: (-each[0], each[1:]))[:REFINED]
    return [
        (usable[i], usable[j], _refine(usable[i].column, usable[j].column, rows, target, folds))
        for _, i, j in best
    ]


def _too_many_levels(column: Column) -> bool:
    return column.kind == "level" and column.levels > LEVELS


def _refine(one: Column, other: Column, rows: Rows, target: Target, folds: Rows) -> float:
    """Measure a pair by a deep tree on its two columns, which finds cuts that cells blur."""
    matrix = np.column_stack([one.codes[rows], other.codes[rows]])
    predicted = np.zeros_like(target.values)
    for fold in range(FOLDS):
        fit, out = folds != fold, folds == fold
        for k in range(target.values.shape[1]):
            kind = DecisionTreeRegressor if target.number else DecisionTreeClassifier
            tree = kind(min_samples_leaf=3, random_state=0)
            tree.fit(matrix[fit], target.values[fit, k])
            if target.number or len(tree.classes_) == 1:
                predicted[out, k] = tree.predict(matrix[out])
            else:
                predicted[out, k] = tree.predict_proba(matrix[out])[:, 1]
    return score(predicted, target)


def _judge(one: Told, other: Told, value: float, audit: Audit) -> Accusation | None:
    best = max(one.alone, other.alone)
    names = (one.column.name, other.column.name)
    # a column that tells all by itself is another check's; what others tell as well is no secret
    if value < WARNS or best >= CERTAIN or 1 - best < MISSES * (1 - value):
        return None
    if 1 - without(audit, set(names)) < MISSES * (1 - value):
        return None
    measure = "R²" if audit.target.number else "AUC"
    message = (
        f"'{names[0]}' and '{names[1]}' tell the target together ({measure} {value:.3f}), each "
        f"alone does not ({one.alone:.3f} and {other.alone:.3f})."
    )
    fails = value >= CERTAIN and best <= LITTLE
    return Accusation(
        names, "failed" if fails else "warning", message, value, CERTAIN if fails else WARNS
    )
