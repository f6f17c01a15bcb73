"""A neural network of scikit-learn's, learned with Adam (Kingma and Ba 2015)."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor

from experiment_cycle.problem import ProblemType
from experiment_cycle.training.epochs import EpochLearner, Scale, fit_in_epochs, target_scale
from experiment_cycle.training.estimators.contract import FitRequest, Fitted, Wants

PROBLEMS: frozenset[ProblemType] = frozenset({"binary", "multiclass", "regression", "ranking"})
UNIT: Literal["round", "epoch"] | None = "epoch"
WANTS = Wants(scaled=True, codes=False, gaps=False)
BATCHES_A_CALL = 64
"""scikit-learn checks its arguments once a call, which takes as long as to learn a batch."""


def steps(hyperparameters: dict[str, Any]) -> int | None:
    """Tell the most epochs."""
    return int(hyperparameters["epochs"])


def fit(request: FitRequest) -> Fitted:
    """Learn in mini-batches: log loss for classes, squared error else (ranking: of the relevance).

    A number is learned as one of mean 0 and standard deviation 1, and predicted as itself.

    Raises:
        TrainingError: the learning diverged.
    """
    scale = target_scale(request.prepared)
    classes = None if scale else np.arange(len(request.prepared.problem.classes))

    def learn(model: Any, rows: Any, target: Any, weight: Any) -> None:
        # a call of fewer rows than a batch would be warned of
        model.batch_size = min(request.hyperparameters["batch_size"], rows.shape[0])
        if classes is None:
            model.partial_fit(rows, target, sample_weight=weight)
        else:
            model.partial_fit(rows, target, classes=classes, sample_weight=weight)

    learner = EpochLearner(
        make=lambda: _make(request),
        learn=learn,
        rows_a_call=request.hyperparameters["batch_size"] * BATCHES_A_CALL,
        scale=scale,
    )
    return Fitted(_finished(fit_in_epochs(request, learner), request, scale))


def _make(request: FitRequest) -> Any:
    chosen = request.hyperparameters
    kind = MLPClassifier if request.prepared.problem.classes else MLPRegressor
    return kind(
        hidden_layer_sizes=chosen["hidden_layers"],
        activation=chosen["activation"],
        alpha=chosen["alpha"],
        learning_rate_init=chosen["learning_rate"],
        # the rows come in a random order already
        shuffle=False,
        random_state=request.seed,
    )


def _finished(model: Any, request: FitRequest, scale: Scale | None) -> Any:
    """Let go of what only learning needs; the last layer, being linear, takes up the scale."""
    del model._optimizer
    model.batch_size = request.hyperparameters["batch_size"]
    if scale is not None:
        model.coefs_[-1] = model.coefs_[-1] * scale.spread
        model.intercepts_[-1] = model.intercepts_[-1] * scale.spread + scale.centre
    return model
