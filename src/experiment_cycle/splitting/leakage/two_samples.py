"""Tests whether two samples of one column have the same distribution."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from experiment_cycle.splitting.leakage.encoded import FEW, Column, Floats, Rows

LIMIT = 100_000
LEAST_EXPECTED = 5.0
"""Below, the chi-squared distribution does not hold (Cochran, Biometrics 10, 1954)."""
EXACT_UP_TO = 2_000
MOST_LEVELS = 200
LEVELS = 2


class Difference(NamedTuple):
    """How two samples differ.

    Attributes:
        p_value: Of the hypothesis that they do not.
        effect: Largest difference of the cumulative shares, or total variation of the levels.
    """

    p_value: float
    effect: float


def compare(column: Column, one: Rows, other: Rows) -> Difference | None:
    """Compare a column between two sets of rows that are independent of each other.

    Numbers by the Kolmogorov-Smirnov test, levels and numbers with few values by the chi-squared
    test of homogeneity, with rare levels taken together. Missing is a value. None if nothing can be
    tested, for every value is rare.
    """
    left, right = column.codes[one], column.codes[other]
    if column.kind != "level" and column.levels > FEW:
        exact = max(len(left), len(right)) <= EXACT_UP_TO
        tested: Any = stats.ks_2samp(left, right, method="auto" if exact else "asymp")
        return Difference(float(tested.pvalue), float(tested.statistic))
    both = np.stack([np.bincount(side, minlength=column.levels) for side in (left, right)])
    return compare_counts(both.astype(np.float64))


def compare_counts(counts: Floats) -> Difference | None:
    """Compare how often each level occurs, shape (2, levels)."""
    counts = counts[:, counts.sum(axis=0) > 0]
    if counts.shape[1] < LEVELS or not counts.sum(axis=1).all():
        return None
    share = counts.sum(axis=1).min() / counts.sum()
    order = np.argsort(-counts.sum(axis=0), kind="stable")
    rare = counts.sum(axis=0) * share < LEAST_EXPECTED
    rare[order[MOST_LEVELS:]] = True
    pooled = np.column_stack([counts[:, ~rare], counts[:, rare].sum(axis=1)])
    pooled = pooled[:, pooled.sum(axis=0) > 0]
    if pooled.shape[1] < LEVELS or pooled.sum(axis=0).min() * share < 1:
        return None
    tested: Any = stats.chi2_contingency(pooled, correction=False)
    shares = pooled / pooled.sum(axis=1, keepdims=True)
    return Difference(float(tested.pvalue), float(np.abs(shares[0] - shares[1]).sum() / 2))


def against_shares(counts: Rows, shares: Floats) -> Difference:
    """Compare how often levels occur, shape (levels,), with the shares they should have."""
    total = counts.sum()
    expected = shares * total
    effect = float(np.abs(counts / max(1, total) - shares).sum() / 2)
    if (counts[shares <= 0] > 0).any():
        return Difference(0.0, effect)
    used = shares > 0
    if used.sum() < LEVELS:
        return Difference(1.0, effect)
    tested: Any = stats.chisquare(counts[used], expected[used])
    return Difference(float(tested.pvalue), effect)
