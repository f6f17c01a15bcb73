"""How wrong a prediction is about one row."""

from __future__ import annotations

import numpy as np

from experiment_cycle.metrics.outcomes import Floats, Outcomes
from experiment_cycle.metrics.queries import query_values
from experiment_cycle.problem import ProblemType

_NAMES: dict[ProblemType, str] = {
    "binary": "log loss",
    "multiclass": "log loss",
    "regression": "absolute error",
    "ranking": "1 - NDCG at 10 of its query",
}


def row_loss_name(problem: ProblemType) -> str:
    """Name what `row_losses` computes, for a reader."""
    return _NAMES[problem]


def row_losses(outcomes: Outcomes) -> Floats:
    """Compute how wrong each row's prediction is, shape (n,).

    Binary and multiclass: the log loss, in nats. Regression: the absolute error, in units of the
    target. Ranking: 1 - NDCG at 10 of the row's query; nan where the query has no relevant row.
    """
    if outcomes.problem == "ranking":
        return 1.0 - query_values("ndcg_at_10", outcomes)
    if outcomes.problem == "regression":
        return np.asarray(np.abs(outcomes.prediction - outcomes.target), dtype=np.float64)
    return log_losses(outcomes)


def log_losses(outcomes: Outcomes) -> Floats:
    """Compute the log loss of each row of a classification, shape (n,), in nats.

    Probabilities are kept off 0 and 1 by the machine epsilon of float64, as scikit-learn does.
    """
    target, predicted = np.asarray(outcomes.target), np.asarray(outcomes.prediction, np.float64)
    if outcomes.problem == "binary":
        likelihood = np.where(target.astype(np.bool_), predicted, 1.0 - predicted)
    else:
        likelihood = predicted[np.arange(len(target)), target.astype(np.int64)]
    epsilon = np.finfo(np.float64).eps
    return np.asarray(-np.log(np.clip(likelihood, epsilon, 1.0 - epsilon)), dtype=np.float64)
