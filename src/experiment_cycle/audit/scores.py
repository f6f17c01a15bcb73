"""Score the predictions of one model against many sets of labels at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats
from sklearn.metrics import r2_score

from experiment_cycle.metrics.catalogue import measure
from experiment_cycle.metrics.outcomes import Floats, Outcomes
from experiment_cycle.problem import Task

Groups = npt.NDArray[np.int64]

SCORES: dict[Task, str] = {"classification": "ROC AUC", "regression": "R²", "ranking": "NDCG"}
"""What is measured, by task."""


def score_labels(
    task: Task,
    labels: Sequence[Any],
    predicted: Floats,
    classes: Sequence[Any] = (),
    query: Groups | None = None,
) -> list[float]:
    """Score predictions against several sets of labels, nan where that is not defined.

    ROC AUC of classes, the mean of one against the others for more than two; R² of numbers; the
    mean NDCG of queries, each in whole.

    Args:
        task: What is predicted.
        labels: Arrays of the labels of the held-out rows, each of shape (t,).
        predicted: What a model says of these rows; see `Predicted`.
        classes: Classification: the classes in the order of their codes.
        query: Ranking: the query of each of these rows, shape (t,).
    """
    if task == "regression":
        return [_r2(each, predicted) for each in labels]
    if task == "ranking":
        relevances = (np.asarray(each, dtype=np.float64) for each in labels)
        return [
            measure("ndcg", Outcomes("ranking", relevance, predicted, query))
            for relevance in relevances
        ]
    by_class = predicted[:, None] if predicted.ndim == 1 else predicted
    ranks = stats.rankdata(by_class, axis=0)
    told = classes[-1:] if predicted.ndim == 1 else classes
    return [_mean_auc(each, ranks, told) for each in labels]


def _r2(labels: Any, predicted: Floats) -> float:
    return float(r2_score(labels, predicted)) if len(np.unique(labels)) > 1 else math.nan


def _mean_auc(labels: Any, ranks: Floats, classes: Sequence[Any]) -> float:
    found = []
    for place, level in enumerate(classes):
        positive = np.asarray(labels == level, dtype=bool)
        if positive.any() and not positive.all():
            found.append(_roc_auc(positive, ranks[:, place]))
    return float(np.mean(found)) if found else math.nan


def _roc_auc(positive: npt.NDArray[np.bool_], ranks: Floats) -> float:
    """Compute the area from ranks, as Mann and Whitney's statistic."""
    many = int(positive.sum())
    above = float(ranks[positive].sum()) - many * (many + 1) / 2
    return above / (many * (len(positive) - many))
