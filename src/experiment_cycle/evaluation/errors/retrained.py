"""The challenger's estimator trained under a constraint, by Fairlearn's `ExponentiatedGradient`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from fairlearn.reductions import (
    DemographicParity,
    EqualizedOdds,
    ErrorRate,
    ExponentiatedGradient,
    TruePositiveRateParity,
)
from sklearn.base import BaseEstimator, ClassifierMixin

from experiment_cycle.columns import Columns
from experiment_cycle.metrics.outcomes import Floats
from experiment_cycle.training.estimators.contract import FitRequest
from experiment_cycle.training.options import EarlyStopping, TrainingOptions
from experiment_cycle.training.prepared import Prepared
from experiment_cycle.training.records import ModelRecord
from experiment_cycle.training.refit import STEPS, CarriedOver
from experiment_cycle.training.trainer import check_hyperparameters, prepare, recipe

Codes = npt.NDArray[np.int64]

CONSTRAINTS = {
    "demographic_parity": DemographicParity,
    "equalized_odds": EqualizedOdds,
    "true_positive_rate_parity": TruePositiveRateParity,
}
EVEN = 0.5
"""The weights of the rows say what a call costs, so that the likelier one is the cheaper."""
MOST_FITS = 30
"""Rounds of the search, each of them a training."""


@dataclass(frozen=True, eq=False)
class Retraining:
    """How the challenger was trained, and on which rows."""

    record: ModelRecord
    train: pd.DataFrame
    validation: pd.DataFrame
    columns: Columns
    options: TrainingOptions

    def prepare(self, seed: int) -> Prepared:
        """Make the matrices of the challenger's preprocessing again."""
        return prepare(
            *(self.record.estimator, self.train, self.validation, self.columns),
            *(self.options, "classification", seed),
        )

    def request(self, prepared: Prepared, seed: int) -> FitRequest:
        """Ask for a fit with the challenger's hyperparameters, for as many steps as it took."""
        name, options = self.record.estimator, self.options
        checked = check_hyperparameters(name, self.record.hyperparameters, options)
        if self.record.best_step:
            limiting = next(each for each in STEPS if checked.get(each) is not None)
            checked[limiting] = self.record.best_step
        limit = recipe(name).steps(checked)
        stopping = EarlyStopping(patience=(limit or 0) + 1)
        watch = CarriedOver(prepared, (), stopping, limit, watch_train=False)
        return FitRequest(prepared, checked, seed, options.threads, watch)


class Learner(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """The challenger's estimator as Fairlearn calls it; its inputs are numbers of train rows."""

    classes_ = np.array([0, 1])

    def __init__(self, retraining: Retraining, prepared: Prepared, seed: int) -> None:
        self.retraining = retraining
        self.prepared = prepared
        self.seed = seed

    def __sklearn_clone__(self) -> Learner:
        # the matrices are shared, and not copied for every fit
        return Learner(self.retraining, self.prepared, self.seed)

    def fit(self, rows: Codes, target: Any, sample_weight: Any) -> Self:
        """Train on all train rows, with other targets and weights."""
        weight = np.asarray(sample_weight, dtype=np.float64)
        own = self.prepared.train_weight
        changed = replace(
            self.prepared,
            train_target=np.asarray(target, dtype=np.int64),
            train_weight=weight if own is None else weight * own,
        )
        name = self.retraining.record.estimator
        request = self.retraining.request(changed, self.seed)
        self.estimator_ = recipe(name).fit(request).estimator
        return self

    def predict(self, rows: Codes) -> Codes:
        """Call the train rows of these numbers, shape (n, 1)."""
        return self.call(self.prepared.train[np.asarray(rows)[:, 0]])

    def call(self, matrix: Any) -> Codes:
        """Call preprocessed rows."""
        return np.asarray(self.estimator_.predict_proba(matrix)[:, 1] >= EVEN, dtype=np.int64)


def retrained_calls(
    retraining: Retraining,
    prepared: Prepared,
    groups: Codes,
    matrix: Any,
    constraint: str,
    objective: str,
    tolerance: float,
    seed: int,
) -> Floats:
    """Train under a constraint, and give the chance of other rows to be called positive.

    Args:
        retraining: How to train.
        prepared: The matrices of train.
        groups: The group of each train row, shape (n,).
        matrix: The other rows, preprocessed, shape (m, inputs).
        constraint: What is to be equal.
        objective: `accuracy` or `balanced_accuracy`.
        tolerance: The gap allowed on train.
        seed: Of every training.

    Returns:
        Chances, shape (m,).
    """
    target = prepared.train_target
    search = ExponentiatedGradient(
        Learner(retraining, prepared, seed),
        CONSTRAINTS[constraint](difference_bound=tolerance),
        objective=ErrorRate(costs=_costs(target, objective)),
        eps=tolerance,
        max_iter=MOST_FITS,
    )
    positions = np.arange(len(target))[:, None]
    search.fit(positions, target, sensitive_features=groups)
    chances = np.zeros(matrix.shape[0])
    weighed = zip(search.weights_.sort_index().to_numpy(), search.predictors_, strict=True)
    for weight, model in weighed:
        if weight > 0:
            calls = model.call(matrix) if isinstance(model, Learner) else model.predict(matrix)
            chances += weight * calls
    return np.clip(chances, 0.0, 1.0)


def _costs(target: npt.NDArray[Any], objective: str) -> dict[str, float]:
    """Weigh errors so that the mean cost is the share of errors, overall or by class."""
    if objective == "accuracy":
        return {"fp": 1.0, "fn": 1.0}
    positive = float(target.mean())
    return {"fp": 0.5 / (1.0 - positive), "fn": 0.5 / positive}
