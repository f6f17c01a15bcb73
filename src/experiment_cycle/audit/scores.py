"""Score the predictions of one model against many sets of labels at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from sklearn.metrics import r2_score

from experiment_cycle.splitting.target import has_many_levels


def class_levels(target: pd.Series) -> list[Any] | None:
    """List the classes of a target in their order; None if it is a number with many levels."""
    return None if has_many_levels(target) else sorted(target.dropna().unique())


def measure(
    labels: Sequence[Any], scores: npt.NDArray[np.float64], levels: Sequence[Any] | None
) -> list[float]:
    """Score predictions against several sets of labels, nan where that is not defined.

    ROC AUC of classes, the mean of one against the others for more than two; R² of numbers.

    Args:
        labels: Arrays of the labels of the held-out rows, each of shape (t,).
        scores: See `Predicted`.
        levels: See `class_levels`.
    """
    if levels is None:
        return [
            float(r2_score(each, scores)) if len(np.unique(each)) > 1 else math.nan
            for each in labels
        ]
    by_class = scores[:, None] if scores.ndim == 1 else scores
    ranks = stats.rankdata(by_class, axis=0)
    told = levels[-1:] if scores.ndim == 1 else levels
    return [_mean_auc(each, ranks, told) for each in labels]


def _mean_auc(labels: Any, ranks: npt.NDArray[np.float64], levels: Sequence[Any]) -> float:
    found = []
    for place, level in enumerate(levels):
        positive = np.asarray(labels == level, dtype=bool)
        if positive.any() and not positive.all():
            found.append(_roc_auc(positive, ranks[:, place]))
    return float(np.mean(found)) if found else math.nan


def _roc_auc(positive: npt.NDArray[np.bool_], ranks: npt.NDArray[np.float64]) -> float:
    """Compute the area from ranks, as Mann and Whitney's statistic."""
    many = int(positive.sum())
    above = float(ranks[positive].sum()) - many * (many + 1) / 2
    return above / (many * (len(positive) - many))
