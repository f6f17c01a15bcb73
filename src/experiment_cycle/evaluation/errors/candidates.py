"""Slices that might be weak: levels of single columns, pairs of levels, nodes of an error tree."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.evaluation.errors.conditions import (
    Condition,
    Conditions,
    as_numbers,
    between,
    coded,
    hold,
    is_ordered,
    one_of,
)
from experiment_cycle.evaluation.errors.error_tree import tree_slices
from experiment_cycle.evaluation.errors.excess import log_p_values
from experiment_cycle.evaluation.errors.levels import MISSING, quantile_edges
from experiment_cycle.metrics.outcomes import Floats

Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]

MOST_LEVELS = 30
"""Of a column with more levels the most frequent ones are candidates."""
MOST_PAIRS = 100
"""So many of the most suspicious pairs are looked at more closely."""
MOST_SHARE = 0.5
"""What holds more of the rows is no slice; its complement may be a strong one."""
OTHER = -1


@dataclass(frozen=True, eq=False)
class Candidate:
    """A slice that might be weak: its conditions, which of the searched rows it holds, shape (n,).

    `alike` is how many slices of its kind were looked at; a tree chooses among more than it shows.
    """

    conditions: Conditions
    inside: Mask
    alike: int


@dataclass(frozen=True, eq=False)
class _Cut:
    """The levels of one column: a condition each, and the level of every row (or `OTHER`)."""

    conditions: list[Condition]
    codes: Codes


def candidates(
    rows: pd.DataFrame, losses: Floats, bins: int, min_rows: int
) -> tuple[list[Candidate], int]:
    """List slices of at least `min_rows` rows that might be weak, the simplest first.

    All single levels; those pairs of levels of two columns whose mean loss is most surely above the
    rest's (rows taken for independent; units come later); all nodes of a tree.

    Args:
        rows: The columns to slice by.
        losses: How wrong each row's prediction is, shape (n,).
        bins: Into how many parts a column of numbers with more levels is cut.
        min_rows: The least number of rows in a slice; the greatest is half of them.

    Returns:
        The slices, and how many were looked at to choose them.
    """
    cuts = [_cut(rows[name], bins, min_rows) for name in rows.columns]
    singles = [
        ((condition,), cut.codes == code)
        for cut in cuts
        for code, condition in enumerate(cut.conditions)
    ]
    pairs, looked_at = _pairs(cuts, losses, min_rows)
    nodes = [(node, hold(node, rows)) for node in tree_slices(rows, losses, min_rows)]
    kinds = ((singles, len(singles)), (pairs, looked_at), (nodes, max(looked_at, len(nodes))))
    found = [
        Candidate(conditions, inside, alike)
        for kind, alike in kinds
        for conditions, inside in kind
        if min_rows <= inside.sum() <= MOST_SHARE * len(rows)
    ]
    return found, len(singles) + looked_at + len(nodes)


def _cut(column: pd.Series, bins: int, min_rows: int) -> _Cut:
    """Cut a column into levels with enough rows."""
    name = str(column.name)
    if is_ordered(column):
        conditions, codes = _ranges(column, bins)
    else:
        codes, labels = coded(column)
        conditions = [one_of(name, [label]) for label in labels]
    sizes = np.bincount(codes, minlength=len(conditions))
    frequent = np.argsort(-sizes, kind="stable")[:MOST_LEVELS]
    kept = sorted(int(code) for code in frequent if sizes[code] >= min_rows)
    places = np.full(len(conditions), OTHER, dtype=np.int64)
    places[kept] = np.arange(len(kept))
    return _Cut([conditions[code] for code in kept], places[codes] if len(codes) else codes)


def _ranges(column: pd.Series, bins: int) -> tuple[list[Condition], Codes]:
    """Cut numbers at quantiles, or take each as a level where there are few."""
    numbers = as_numbers(column)
    gaps = np.isnan(numbers)
    present = np.sort(numbers[~gaps])
    seen = np.unique(present)
    if not len(present):
        return [Condition(str(column.name), MISSING, above=math.inf, missing=True)], (
            np.zeros(len(numbers), dtype=np.int64)
        )
    edges = seen[:-1] if len(seen) <= bins else quantile_edges(present, bins)
    codes = np.searchsorted(edges, numbers, side="left").astype(np.int64)
    ends = [-math.inf, *map(float, edges), math.inf]
    conditions = [between(column, low, high, False, seen) for low, high in pairwise(ends)]
    if gaps.any():
        codes[gaps] = len(conditions)
        conditions.append(Condition(str(column.name), MISSING, above=math.inf, missing=True))
    return conditions, codes


def _pairs(
    cuts: list[_Cut], losses: Floats, min_rows: int
) -> tuple[list[tuple[Conditions, Mask]], int]:
    """Pick the most suspicious pairs, and say how many there were."""
    centred = losses - losses.mean()
    squares = centred**2
    found: list[tuple[float, int, int, int]] = []
    looked_at = 0
    for one, other in combinations(range(len(cuts)), 2):
        cells, log_p = _cells(cuts[one], cuts[other], centred, squares, min_rows)
        looked_at += len(cells)
        found += [(p, one, other, cell) for cell, p in zip(cells, log_p, strict=True)]
    found.sort()
    return [_pair(cuts, *which) for _, *which in found[:MOST_PAIRS]], looked_at


def _cells(
    one: _Cut, other: _Cut, centred: Floats, squares: Floats, min_rows: int
) -> tuple[list[int], list[float]]:
    """Find the large cells of two columns, each with the log p-value of its excess (Welch)."""
    width = len(other.conditions)
    size = len(one.conditions) * width
    if not size:
        return [], []
    # the last bin is for rows of a rare level
    joint = np.where((one.codes < 0) | (other.codes < 0), size, one.codes * width + other.codes)
    rows, sums, squared = (
        np.bincount(joint, weights=weights, minlength=size + 1)[:size].astype(np.float64)
        for weights in (None, centred, squares)
    )
    outside = len(centred) - rows
    large = np.flatnonzero((rows >= min_rows) & (rows <= outside))
    rows, sums, squared, outside = rows[large], sums[large], squared[large], outside[large]
    # the centred losses add up to 0
    inner, outer = sums / rows, -sums / outside
    within = np.maximum(squared - rows * inner**2, 0.0) / (rows - 1) / rows
    without = np.maximum(squares.sum() - squared - outside * outer**2, 0.0) / outside**2
    error = np.sqrt(within + without)
    t = np.divide(inner - outer, error, out=np.zeros_like(error), where=error > 0)
    return large.tolist(), log_p_values(t, rows - 1).tolist()


def _pair(cuts: list[_Cut], one: int, other: int, cell: int) -> tuple[Conditions, Mask]:
    first, second = divmod(cell, len(cuts[other].conditions))
    inside = (cuts[one].codes == first) & (cuts[other].codes == second)
    return (cuts[one].conditions[first], cuts[other].conditions[second]), inside
