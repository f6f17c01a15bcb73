"""LEAK007: a feature that names rows instead of describing them."""

from __future__ import annotations

import re

import numpy as np
from scipy.stats import chi2, poisson

from experiment_cycle.splitting.leakage.context import TEST, TRAIN, Audit
from experiment_cycle.splitting.leakage.encoded import Column, Floats
from experiment_cycle.splitting.leakage.findings import (
    About,
    Accusation,
    conclude,
    not_applicable,
)
from experiment_cycle.splitting.leakage.strength import auc, explained
from experiment_cycle.splitting.leakage.target_proxy import Told, alone
from experiment_cycle.splitting.records import Finding

ABOUT = About("LEAK007", "Identifier-like column", "high")
SURE = 1e-6
TELLS = {"auc": 0.6, "r2": 0.05}
"""AUC, or R² of a number, above which the order of an identifier tells the target."""
NEARLY = 0.98
"""Share of distinct values of text that names rows."""
FEWEST = 30
FEWEST_TRAIN = 40
REAL = 1e-3
WINDOW = 10
NAMES = re.compile(r"(^|[_\s.-])(id|uuid|guid|key|pk|index|idx|rowid|serial|hash)$", re.IGNORECASE)
APART = 0.85
"""AUC of test against train by the column's order: beyond, the split follows the column."""


def check(audit: Audit) -> Finding:
    """Look for row numbers, serial numbers and names of rows among the features (type L2).

    Whole numbers are names if they repeat less often than independent draws would that lie as
    close. Where their order also tells the target, a model learns the order in which rows were
    collected, which no new row has: that fails, unless the split follows the column too, so that
    test rows lie outside the range learnt. A name that tells nothing is a warning.
    """
    if not audit.table:
        return not_applicable(ABOUT, "No column is a feature.")
    told = {each.column.name: each for each in alone(audit)}
    named = [column for column in audit.table if names_rows(column)]
    accusations = [_accuse(audit, column, told[column.name]) for column in named]
    return conclude(
        audit,
        ABOUT,
        accusations,
        "No feature names rows.",
        "declare it as 'columns.identifier', or list it in 'columns.drop'.",
        columns_looked_at=len(audit.table),
    )


def names_rows(column: Column) -> bool:
    """Tell whether a column names rows rather than describing them."""
    rows = len(column.codes)
    if column.text:
        # long text is written for people, and has words
        found = int((column.counts > 0).sum())
        return rows >= FEWEST and found >= NEARLY * rows and bool(NAMES.search(column.name))
    if not column.whole or column.values is None:
        return False
    if poisson.cdf(rows - column.levels, _expected_repeats(column.values)) <= SURE:
        return True
    nearly = column.levels >= NEARLY * rows and rows >= FEWEST
    return bool(nearly and NAMES.search(column.name))


def _expected_repeats(values: Floats) -> float:
    """How many values would repeat another one, were whole numbers drawn as densely as these.

    Of values that fall with density d, the share 1 - (1 - exp(-d)) / d repeats another one. The
    density around each is told by how far the next ten reach, so that neither gaps between ranges
    nor a skewed distribution count.
    """
    ordered = np.sort(values)
    if len(ordered) <= WINDOW:
        return 0.0
    reach = ordered[WINDOW:] - ordered[:-WINDOW]
    density = (WINDOW - 1) / np.maximum(reach, 0.1)
    return float((1 + np.expm1(-density) / density).sum())


def _accuse(audit: Audit, column: Column, told: Told) -> Accusation:
    number = audit.target.number
    bar = TELLS["r2" if number else "auc"]
    value, sure = _by_order(audit, column)
    apart = _apart(audit, column)
    measure = "R²" if number else "AUC"
    if value >= bar and sure and apart < APART:
        message = (
            f"'{column.name}' names rows, and its order tells the target ({measure} {value:.3f}; "
            f"{bar:g} is allowed): a model learns where a row stood in the file."
        )
        return Accusation((column.name,), "failed", message, value, bar)
    message = f"'{column.name}' names rows and describes nothing ({column.levels:,} values)."
    return Accusation((column.name,), "warning", message, value, bar)


def _by_order(audit: Audit, column: Column) -> tuple[float, bool]:
    """Measure how well stretches of the column's order tell the target, in and out of sample."""
    rows = np.flatnonzero(audit.parts == TRAIN)
    if len(rows) < FEWEST_TRAIN:
        return 0.0, False
    target = audit.target.take(rows)
    order = np.argsort(column.codes[rows], kind="stable")
    stretches = int(np.clip(len(rows) // 20, 2, 50))
    stretch = np.empty(len(rows), dtype=np.int64)
    stretch[order] = np.arange(len(rows)) * stretches // len(rows)
    even = (np.argsort(order) % 2) == 0
    predicted = np.zeros_like(target.values)
    for fit, out in ((even, ~even), (~even, even)):
        size = np.maximum(np.bincount(stretch[fit], minlength=stretches), 1)
        for k in range(target.values.shape[1]):
            sums = np.bincount(stretch[fit], target.values[fit, k], stretches)
            predicted[out, k] = (sums / size)[stretch[out]]
    told = explained(predicted, target.values)
    value = told
    if not target.number:
        sizes = target.values.sum(axis=0)
        each = [auc(predicted[:, k], target.values[:, k] > 0) for k in range(len(sizes))]
        value = float(np.average(each, weights=np.maximum(sizes, 1e-9)))
    # the variance between stretches, as a chi-squared statistic
    size = np.bincount(stretch, minlength=stretches)
    sums = np.bincount(stretch, target.values[:, 0], stretches)
    spread = max(float(target.values[:, 0].var()), 1e-300)
    statistic = float((size * (sums / size - target.values[:, 0].mean()) ** 2).sum() / spread)
    return value, bool(chi2.sf(statistic, stretches - 1) <= REAL)


def _apart(audit: Audit, column: Column) -> float:
    inside = (audit.parts == TRAIN) | (audit.parts == TEST)
    value = auc(column.codes[inside].astype(np.float64), audit.parts[inside] == TEST)
    return max(value, 1 - value)
