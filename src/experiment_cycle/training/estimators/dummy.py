"""The simplest of all models: class shares, or the mean, whatever the row."""

from __future__ import annotations

from typing import Any, Literal

from sklearn.dummy import DummyClassifier, DummyRegressor

from experiment_cycle.problem import ProblemType
from experiment_cycle.training.estimators.contract import FitRequest, Fitted, Wants
from experiment_cycle.training.measuring import measure_parts

PROBLEMS: frozenset[ProblemType] = frozenset({"binary", "multiclass", "regression", "ranking"})
UNIT: Literal["round", "epoch"] | None = None
WANTS = Wants(scaled=False, codes=True, gaps=True)


def steps(hyperparameters: dict[str, Any]) -> int | None:
    """Tell that it has no steps."""
    return None


def fit(request: FitRequest) -> Fitted:
    """Take the shares of the classes, or the mean of the target; in ranking, one score for all."""
    prepared = request.prepared
    classes = bool(prepared.problem.classes)
    model = DummyClassifier(strategy="prior") if classes else DummyRegressor(strategy="mean")
    model.fit(prepared.train, prepared.train_target, sample_weight=prepared.train_weight)
    request.watch.record(measure_parts(request.watch, prepared, model))
    return Fitted(model)
