"""A random forest; for ranking, a forest that predicts the relevance of each row by itself."""

from __future__ import annotations

from typing import Any, Literal

from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from experiment_cycle.problem import ProblemType
from experiment_cycle.training.estimators.contract import FitRequest, Fitted, Wants
from experiment_cycle.training.measuring import measure_parts

PROBLEMS: frozenset[ProblemType] = frozenset({"binary", "multiclass", "regression", "ranking"})
UNIT: Literal["round", "epoch"] | None = None
# numbered levels serve trees as well as an input for each, and take a fraction of the time
WANTS = Wants(scaled=False, codes=True, gaps=True)

LEAF_OF_CLASSES, LEAF_OF_NUMBERS = 5, 1
"""Fewest rows of a leaf, where none are given. Shares of a single row are 0 or 1: too sure."""


def steps(hyperparameters: dict[str, Any]) -> int | None:
    """Tell that it has no steps: its trees do not build on one another."""
    return None


def fit(request: FitRequest) -> Fitted:
    """Grow all trees at once. Every tree has its own seed, whatever thread grows it."""
    prepared, classes = request.prepared, bool(request.prepared.problem.classes)
    forest = RandomForestClassifier if classes else RandomForestRegressor
    given = dict(request.hyperparameters)
    if given["min_samples_leaf"] is None:
        given["min_samples_leaf"] = LEAF_OF_CLASSES if classes else LEAF_OF_NUMBERS
    model = forest(**given, random_state=request.seed, n_jobs=request.threads)
    model.fit(prepared.train, prepared.train_target, sample_weight=prepared.train_weight)
    # threads add up the trees' predictions in whatever order they finish: last digits would vary
    model.set_params(n_jobs=1)
    request.watch.record(measure_parts(request.watch, prepared, model))
    return Fitted(model)
