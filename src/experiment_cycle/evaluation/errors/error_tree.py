"""A tree that divides rows by how wrong the predictions are, read as conditions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.tree import DecisionTreeRegressor

from experiment_cycle.evaluation.errors.conditions import (
    Condition,
    Conditions,
    as_numbers,
    between,
    coded,
    is_ordered,
    one_of,
)
from experiment_cycle.metrics.outcomes import Floats

DEPTH = 3
"""A slice of more conditions than this says nothing to a reader."""

NOBODY = -1


@dataclass(frozen=True, eq=False)
class _Axis:
    """One column as the tree reads it: the place of each value among the different ones.

    `seen` are the different numbers in their order; or `levels`, by their mean loss, the least
    first, so that each side of a cut is a set of levels (Fisher, On Grouping for Maximum
    Homogeneity, 1958).
    """

    column: pd.Series
    places: Floats
    seen: Floats
    levels: tuple[str, ...]

    def condition(self, low: int, high: int, missing: bool) -> Condition:
        """Demand a place from `low` on and below `high`, or, with `missing`, no value."""
        if self.levels:
            return one_of(str(self.column.name), self.levels[low:high])
        above = self.seen[low - 1] if low > 0 else -math.inf
        at_most = self.seen[high - 1] if high < len(self.seen) else math.inf
        if low >= high:
            above = math.inf
        return between(self.column, float(above), float(at_most), missing, self.seen)


def tree_slices(rows: pd.DataFrame, losses: Floats, min_rows: int) -> list[Conditions]:
    """Grow a tree of losses, and read each of its nodes but the root as conditions.

    Args:
        rows: The columns to divide by, shape (n, columns).
        losses: How wrong each prediction is, shape (n,).
        min_rows: No node has fewer rows.

    Returns:
        For each node its conditions, one a column; those nearest to the root first.
    """
    axes = [_axis(rows[name], losses) for name in rows.columns]
    if not axes or len(rows) < 2 * min_rows:
        return []
    inputs = np.column_stack([axis.places for axis in axes]).astype(np.float32)
    grown = DecisionTreeRegressor(max_depth=DEPTH, min_samples_leaf=min_rows, random_state=0)
    return _read(grown.fit(inputs, losses).tree_, axes)


def _axis(column: pd.Series, losses: Floats) -> _Axis:
    if is_ordered(column):
        numbers = as_numbers(column)
        seen = np.unique(numbers[~np.isnan(numbers)])
        places = np.searchsorted(seen, numbers).astype(np.float64)
        places[np.isnan(numbers)] = np.nan
        return _Axis(column, places, seen, ())
    codes, labels = coded(column)
    sizes = np.bincount(codes, minlength=len(labels))
    means = np.bincount(codes, weights=losses, minlength=len(labels)) / np.maximum(sizes, 1)
    order = np.lexsort((np.array(labels), means))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    nothing = np.empty(0)
    return _Axis(column, rank[codes].astype(float), nothing, tuple(labels[at] for at in order))


@dataclass(frozen=True)
class _Range:
    low: int
    high: int
    missing: bool


def _read(tree: object, axes: list[_Axis]) -> list[Conditions]:
    """Follow every path from the root; the cuts of one column make one condition."""
    feature: npt.NDArray[np.int64] = tree.feature  # type: ignore[attr-defined]
    threshold: Floats = tree.threshold  # type: ignore[attr-defined]
    children = (tree.children_left, tree.children_right)  # type: ignore[attr-defined]
    left_if_missing = tree.missing_go_to_left  # type: ignore[attr-defined]
    found: list[Conditions] = []
    waiting: list[tuple[int, dict[int, _Range]]] = [(0, {})]
    while waiting:
        node, path = waiting.pop(0)
        if path:
            found.append(tuple(axes[at].condition(*_bounds(path[at])) for at in sorted(path)))
        at = int(feature[node])
        if children[0][node] == NOBODY:
            continue
        size = len(axes[at].levels) or len(axes[at].seen)
        gaps = bool(np.isnan(axes[at].places).any())
        now = path.get(at, _Range(0, size, gaps))
        cut = size if math.isinf(threshold[node]) else math.floor(threshold[node]) + 1
        to_left = bool(left_if_missing[node])
        left = _Range(now.low, min(now.high, cut), now.missing and to_left)
        right = _Range(max(now.low, cut), now.high, now.missing and not to_left)
        waiting.append((int(children[0][node]), path | {at: left}))
        waiting.append((int(children[1][node]), path | {at: right}))
    return found


def _bounds(found: _Range) -> tuple[int, int, bool]:
    return found.low, found.high, found.missing
