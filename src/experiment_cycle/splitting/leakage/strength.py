"""How well cells or a model predict rows they were not fitted on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from experiment_cycle.splitting.leakage.encoded import Codes, Column, Floats, Rows, Target

FOLDS = 5
SHRUNK = 3.0
"""So many rows' worth of the overall mean go into the mean of a cell."""
MOST_LEVELS = 1000
ROUNDS = 60
FREQUENT = 20


def folds_of(units: Rows, folds: int, random: np.random.Generator) -> Rows:
    """Give each row a fold, shape (n,); rows of one unit get the same."""
    found, numbered = np.unique(units, return_inverse=True)
    return (random.permutation(len(found)) % folds)[numbered.ravel()]


def cells(column: Column, rows: Rows, most: int) -> Codes:
    """Divide rows by the values of a column into at most `most` cells, shape (n,).

    Numbers are cut at quantiles of these rows. Levels are kept, the rarest ones in one cell.
    """
    codes = column.codes[rows]
    found, numbered, counts = np.unique(codes, return_inverse=True, return_counts=True)
    numbered = numbered.ravel()
    if len(found) <= (MOST_LEVELS if column.kind == "level" else most):
        return numbered.astype(np.int32)
    if column.kind == "level":
        rank = np.empty(len(found), dtype=np.int64)
        rank[np.argsort(-counts, kind="stable")] = np.arange(len(found))
        return np.minimum(rank, MOST_LEVELS - 1)[numbered].astype(np.int32)
    middle = (np.cumsum(counts) - counts / 2) / len(codes)
    return np.minimum((middle * most).astype(np.int32), most - 1)[numbered]


def cross_fitted(cell: Codes, target: Floats, folds: Rows) -> Floats:
    """Predict each row by the mean of its cell in the other folds, shape (n, k).

    Args:
        cell: The cell of each row, shape (n,), from 0.
        target: Shape (n, k).
        folds: The fold of each row, shape (n,), from 0.
    """
    count, parts = int(cell.max(initial=0)) + 1, int(folds.max(initial=0)) + 1
    place = folds * count + cell
    size = np.bincount(place, minlength=parts * count).reshape(parts, count).astype(np.float64)
    others = size.sum(axis=0) - size
    predicted = np.empty_like(target)
    for k in range(target.shape[1]):
        sums = np.bincount(place, target[:, k], parts * count).reshape(parts, count)
        left = sums.sum(axis=0) - sums
        mean = left.sum(axis=1, keepdims=True) / np.maximum(others.sum(axis=1, keepdims=True), 1)
        predicted[:, k] = ((left + SHRUNK * mean) / (others + SHRUNK))[folds, cell]
    return predicted


def boosted(columns: list[Column], target: Target, rows: Rows, folds: Rows, seed: int) -> Floats:
    """Predict each row by boosted trees fitted on the other folds, shape (n, k).

    Args:
        columns: What the trees may read.
        target: The target of all rows looked at.
        rows: The rows to fit and predict, shape (n,).
        folds: The fold of each of them, shape (n,).
        seed: Where the random choices of the trees come from.
    """
    known = target.take(rows)
    if not columns:
        return cross_fitted(np.zeros(len(rows), dtype=np.int32), known.values, folds)
    matrix = np.column_stack([_readable(column, rows) for column in columns])
    predicted = np.zeros_like(known.values)
    for fold in range(int(folds.max()) + 1):
        fit, out = folds != fold, folds == fold
        if known.number:
            model = HistGradientBoostingRegressor(**_settings(seed))
            model.fit(matrix[fit], known.values[fit, 0])
            predicted[out, 0] = model.predict(matrix[out])
            continue
        for k in range(known.values.shape[1]):
            labels = known.values[fit, k]
            if labels.min() == labels.max():
                predicted[out, k] = labels[0]
                continue
            model = HistGradientBoostingClassifier(**_settings(seed))
            predicted[out, k] = model.fit(matrix[fit], labels).predict_proba(matrix[out])[:, 1]
    return predicted


def straight(columns: list[Column], target: Target, rows: Rows, folds: Rows) -> Floats:
    """Predict each row by a ridge regression fitted on the other folds, shape (n, k).

    On the ranks of numbers, and an indicator for each frequent level. It needs fewer rows than
    trees do. Arguments as for `boosted`.
    """
    known = target.values[rows]
    parts = [_linear(column, rows) for column in columns]
    matrix = np.hstack([np.zeros((len(rows), 0)), *parts])
    spread = matrix.std(axis=0)
    matrix = (matrix - matrix.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    predicted = np.zeros_like(known)
    for fold in range(int(folds.max()) + 1):
        fit, out = folds != fold, folds == fold
        middle = known[fit].mean(axis=0)
        penalty = np.sqrt(fit.sum()) * np.eye(matrix.shape[1])
        slopes = np.linalg.solve(
            matrix[fit].T @ matrix[fit] + penalty, matrix[fit].T @ (known[fit] - middle)
        )
        predicted[out] = matrix[out] @ slopes + middle
    return predicted


def _linear(column: Column, rows: Rows) -> Floats:
    if column.kind != "level":
        return column.ranks[rows].astype(np.float64)[:, None]
    frequent = np.argsort(-column.counts, kind="stable")[:FREQUENT]
    indicators: Floats = (column.codes[rows][:, None] == frequent[None, :]).astype(np.float64)
    return indicators


def _settings(seed: int) -> dict[str, object]:
    return {
        "max_iter": ROUNDS,
        "learning_rate": 0.15,
        "max_leaf_nodes": 15,
        "min_samples_leaf": 10,
        "early_stopping": False,
        "random_state": seed,
    }


def _readable(column: Column, rows: Rows) -> Floats:
    if column.values is not None:
        return column.values[rows]
    # the more frequent, the smaller: an order that knows nothing of the target
    rank = np.empty(column.levels)
    rank[np.argsort(-column.counts, kind="stable")] = np.arange(column.levels)
    return np.asarray(rank[column.codes[rows]])


def explained(predicted: Floats, target: Floats) -> float:
    """The share of the variance of the target that predictions explain (R²; of classes, Brier's).

    Both have shape (n, k); below zero where the mean predicts better.
    """
    total = float(((target - target.mean(axis=0)) ** 2).sum())
    return 1.0 - float(((target - predicted) ** 2).sum()) / total if total > 0 else 0.0


def score(predicted: Floats, target: Target) -> float:
    """How well predictions tell the target: R² of a number, ROC AUC of classes.

    With more than two classes, each against the rest, weighted by their rows.
    """
    if target.number:
        return explained(predicted, target.values)
    sizes = target.values.sum(axis=0)
    usable = [k for k in range(len(sizes)) if 0 < sizes[k] < len(target.values)]
    if not usable:
        return 0.5
    each = [auc(predicted[:, k], target.values[:, k] > 0) for k in usable]
    return float(np.average(each, weights=sizes[usable]))


def auc(scores: Floats, positive: npt.NDArray[np.bool_]) -> float:
    """The probability that a positive row has the higher score (ties count half)."""
    many = int(positive.sum())
    if not 0 < many < len(positive):
        return 0.5
    ranks = rankdata(scores)[positive].sum()
    return float((ranks - many * (many + 1) / 2) / (many * (len(positive) - many)))
