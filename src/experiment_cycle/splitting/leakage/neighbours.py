"""The nearest rows of train and validation for a sample of test rows, by continuous features."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from experiment_cycle.splitting.leakage.context import TEST, TRAIN, VALIDATION, Audit
from experiment_cycle.splitting.leakage.encoded import Column, Floats, Rows

MOST = 64
"""Neighbours of each row, and columns looked at."""
FEWEST_COLUMNS, FEWEST_ROWS = 2, 10
QUERIES = 1000
FEWER_QUERIES = 500
LARGE = 200_000
BLOCK = 20_000

Matrix = npt.NDArray[np.float32]


class Neighbours(NamedTuple):
    """Distances are those between mean ranks, as a share of the rows, over all columns.

    Attributes:
        columns: The continuous features, at least two.
        rows: The test rows, shape (q,), as places among the rows looked at.
        nearest: Their neighbours, the nearest first, shape (q, k).
        distances: Shape (q, k).
        reference: How many rows of train and validation there are.
    """

    columns: list[Column]
    rows: Rows
    nearest: Rows
    distances: Floats
    reference: int


def neighbours(audit: Audit) -> Neighbours | None:
    """Find the neighbours, once an audit; None if there are too few rows or continuous columns."""
    if "neighbours" not in audit.shared:
        audit.shared["neighbours"] = _find(audit)
    found: Neighbours | None = audit.shared["neighbours"]
    return found


def _find(audit: Audit) -> Neighbours | None:
    columns = [column for column in audit.table if column.continuous][:MOST]
    known = np.flatnonzero((audit.parts == TRAIN) | (audit.parts == VALIDATION))
    rows = audit.sample(TEST, FEWER_QUERIES if len(known) > LARGE else QUERIES)
    if len(columns) < FEWEST_COLUMNS or len(known) < MOST or len(rows) < FEWEST_ROWS:
        return None
    known_matrix = np.column_stack([column.ranks[known] for column in columns])
    queries = np.column_stack([column.ranks[rows] for column in columns])
    places = _nearest(queries, known_matrix, min(MOST, len(known)))
    difference = known_matrix[places].astype(np.float64) - queries[:, None, :]
    distances = np.sqrt((difference**2).sum(axis=2))
    order = np.argsort(distances, axis=1, kind="stable")
    return Neighbours(
        columns,
        rows,
        known[np.take_along_axis(places, order, axis=1)],
        np.take_along_axis(distances, order, axis=1),
        len(known),
    )


def _nearest(queries: Matrix, known: Matrix, many: int) -> Rows:
    """Find the places of the nearest rows, block by block, shape (q, many), in no order."""
    best = np.empty((len(queries), 0), dtype=np.float32)
    places = np.empty((len(queries), 0), dtype=np.int64)
    for start in range(0, len(known), BLOCK):
        block = known[start : start + BLOCK]
        squared = (block**2).sum(axis=1)[None, :] - 2 * queries @ block.T
        keep = min(many, squared.shape[1])
        inside = np.argpartition(squared, keep - 1, axis=1)[:, :keep]
        best = np.hstack([best, np.take_along_axis(squared, inside, axis=1)])
        places = np.hstack([places, inside + start])
        if best.shape[1] > many:
            chosen = np.argpartition(best, many - 1, axis=1)[:, :many]
            best = np.take_along_axis(best, chosen, axis=1)
            places = np.take_along_axis(places, chosen, axis=1)
    return places


def dimension(distances: Floats, near: int, far: int) -> float:
    """Estimate in how many dimensions rows spread, from the growth between two neighbours' ranks.

    The number of rows within a distance grows like the distance to the power of the dimension
    (Facco et al., Scientific Reports 7, 2017); the median over rows, so that few do not decide.

    Args:
        distances: To the neighbours, the nearest first, shape (q, k).
        near: Rank of the nearer neighbour, from 1.
        far: Rank of the farther one.
    """
    ratio = distances[:, far - 1] / np.maximum(distances[:, near - 1], 1e-12)
    growth = float(np.median(np.log(np.maximum(ratio, 1 + 1e-12))))
    return float(np.log(far / near) / growth) if growth > 0 else float("inf")
