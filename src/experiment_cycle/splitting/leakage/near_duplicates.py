"""LEAK003: test rows that are almost copies of rows the model was made with."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import binom

from experiment_cycle.splitting.leakage.context import Audit
from experiment_cycle.splitting.leakage.encoded import Rows
from experiment_cycle.splitting.leakage.findings import (
    About,
    Accusation,
    conclude,
    not_applicable,
)
from experiment_cycle.splitting.leakage.neighbours import FEWEST_ROWS, dimension, neighbours
from experiment_cycle.splitting.records import Finding

ABOUT = About("LEAK003", "Near duplicates across splits", "high")
CLOSE = 0.25
"""The nearest row is so much nearer than the fifth nearest: a copy, not a neighbour."""
FAILS, WARNS = 0.05, 0.02
"""Shares of test rows beyond what chance makes; see docs/leakage/LEAK003.md."""
SURE = 1e-3
FIFTH = 4
HIGHEST = 1000.0
SHOWN = 5


class Copies(NamedTuple):
    """Test rows that could be copies.

    Attributes:
        which: Whether each test row looked at is one, shape (q,).
        expected: The share of them that chance makes.
        excess: By how much their share is greater.
        p_value: That of the excess, one-sided.
    """

    which: npt.NDArray[np.bool_]
    expected: float
    excess: float
    p_value: float


def check(audit: Audit) -> Finding:
    """Look for test rows with a neighbour in train far nearer than all others.

    Around a row of continuous data in m dimensions, the nearest of the rows is nearer than `CLOSE`
    times the distance of the fifth nearest with a probability of 1 - (1 - CLOSE^m)^4, whatever the
    density (Facco et al., Scientific Reports 7, 2017). Copies with a little noise, of which there
    are up to four, do so always. The dimension is estimated from the same rows. Rows that also
    agree in all other columns are tested apart: farther neighbours tell how often that is chance.
    """
    found = neighbours(audit)
    if found is None:
        return not_applicable(
            ABOUT, "Fewer than two features are continuous, so that no distance can be told."
        )
    free = found.distances[:, 0] > 0  # identical ones are another check's
    if free.sum() < FEWEST_ROWS:
        return not_applicable(ABOUT, "Nearly all test rows have an identical row: see LEAK002.")
    distances, rows, nearest = found.distances[free], found.rows[free], found.nearest[free]
    spread = min(dimension(distances, 8, 32), dimension(distances, 1, 8), HIGHEST)
    expected = 1 - (1 - CLOSE ** max(1.0, 0.8 * spread)) ** 4
    close = distances[:, 0] < CLOSE * distances[:, FIFTH]
    agree = _agree(audit, rows, nearest)
    usual = float(agree[:, FIFTH:].mean())
    ways = [_judge(close, expected), _judge(close & agree[:, 0], expected * usual)]
    worst = min(ways, key=lambda way: (way.p_value > SURE, -way.excess))
    many, total = int(worst.which.sum()), len(rows)
    shown = np.flatnonzero(worst.which)[:SHOWN]
    return conclude(
        audit,
        ABOUT,
        _accusations(worst),
        f"Of {total:,} test rows looked at, {many:,} have a row nearby that could be a copy, "
        f"where chance makes {worst.expected * total:.1f}.",
        "keep one of each set of near copies, or name the column that says what they are copies "
        "of in 'columns.group' and split by group.",
        test_rows_looked_at=total,
        near_copies=many,
        expected_share=worst.expected,
        dimension=spread,
        continuous_columns=len(found.columns),
        first_test_rows=[
            {"row": int(audit.positions[row]), "near": int(audit.positions[near])}
            for row, near in zip(rows[shown], nearest[shown, 0], strict=True)
        ],
    )


def _agree(audit: Audit, rows: Rows, nearest: Rows) -> npt.NDArray[np.bool_]:
    """Tell which of the first neighbours agree in all columns with few values, shape (q, 8)."""
    agree = np.ones((len(rows), 2 * FIFTH), dtype=bool)
    for column in audit.table:
        if not column.continuous:
            agree &= column.codes[nearest[:, : 2 * FIFTH]] == column.codes[rows][:, None]
    return agree


def _judge(which: npt.NDArray[np.bool_], expected: float) -> Copies:
    many = int(which.sum())
    p_value = float(binom.sf(many - 1, len(which), expected))
    return Copies(which, expected, many / len(which) - expected, p_value)


def _accusations(copies: Copies) -> list[Accusation]:
    if copies.excess <= WARNS or copies.p_value > SURE:
        return []
    many, total = int(copies.which.sum()), len(copies.which)
    fails = copies.excess > FAILS
    message = (
        f"{many:,} of {total:,} test rows looked at ({many / total:.1%}) have a row in train or "
        "validation that is nearer than a quarter of the distance to the fifth nearest, where "
        f"chance makes {copies.expected:.1%}: they are nearly copies."
    )
    bar = FAILS if fails else WARNS
    return [Accusation((), "failed" if fails else "warning", message, copies.excess, bar, many)]
