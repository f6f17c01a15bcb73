"""A linear model, learned by stochastic gradient descent."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from sklearn.linear_model import SGDClassifier, SGDRegressor

from experiment_cycle.errors import ConfigurationError
from experiment_cycle.problem import ProblemType
from experiment_cycle.training.epochs import EpochLearner, fit_in_epochs, target_scale
from experiment_cycle.training.estimators.contract import FitRequest, Fitted, Wants

PROBLEMS: frozenset[ProblemType] = frozenset({"binary", "multiclass", "regression", "ranking"})
UNIT: Literal["round", "epoch"] | None = "epoch"
WANTS = Wants(scaled=True, codes=False, gaps=False)


def steps(hyperparameters: dict[str, Any]) -> int | None:
    """Tell the most epochs."""
    return int(hyperparameters["epochs"])


def fit(request: FitRequest) -> Fitted:
    """Learn row by row: log loss for classes, squared error else (ranking: of the relevance).

    A number is learned as one of mean 0 and standard deviation 1, and predicted as itself.

    Raises:
        ConfigurationError: hyperparameters contradict each other.
        TrainingError: the learning diverged.
    """
    chosen = request.hyperparameters
    if chosen["learning_rate"] == "optimal" and chosen["alpha"] == 0:
        raise ConfigurationError(
            "training.estimators.sgd: learning_rate optimal is derived from alpha, which is 0. "
            "Next step: give alpha a value above 0, or choose another learning_rate."
        )
    scale = target_scale(request.prepared)
    learner = EpochLearner(
        make=lambda: _make(request),
        learn=_learn_numbers if scale else _learn_classes(len(request.prepared.problem.classes)),
        rows_a_call=chosen["batch_size"],
        scale=scale,
    )
    model = fit_in_epochs(request, learner)
    if scale is not None:
        model.coef_ = model.coef_ * scale.spread
        model.intercept_ = model.intercept_ * scale.spread + scale.centre
    return Fitted(model)


def _make(request: FitRequest) -> Any:
    names = ("alpha", "penalty", "l1_ratio", "learning_rate", "eta0", "power_t")
    common = {name: request.hyperparameters[name] for name in names}
    # the rows come in a random order already
    common |= {"shuffle": False, "random_state": request.seed}
    if request.prepared.problem.classes:
        return SGDClassifier(loss="log_loss", **common)
    return SGDRegressor(loss="squared_error", **common)


def _learn_classes(count: int) -> Any:
    codes = np.arange(count)

    def learn(model: Any, rows: Any, target: Any, weight: Any) -> None:
        model.partial_fit(rows, target, classes=codes, sample_weight=weight)

    return learn


def _learn_numbers(model: Any, rows: Any, target: Any, weight: Any) -> None:
    model.partial_fit(rows, target, sample_weight=weight)
