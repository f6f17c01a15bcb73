"""How much each feature of a row moved the model's output: exactly, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.linear_model import (
    ElasticNet,
    LinearRegression,
    LogisticRegression,
    Ridge,
    SGDClassifier,
    SGDRegressor,
)

from experiment_cycle.evaluation.errors.encoded_features import ModelParts, distinct
from experiment_cycle.metrics.outcomes import Floats
from experiment_cycle.problem import ProblemType
from experiment_cycle.training.boosted import BoostedClassifier, BoostedRegressor
from experiment_cycle.training.calibrated import CalibratedClassifier
from experiment_cycle.training.dense_inputs import DenseInputs
from experiment_cycle.training.xgboost_model import XGBoostClassifier, XGBoostRegressor

Codes = npt.NDArray[np.int64]
BOOSTED = (BoostedClassifier, BoostedRegressor, XGBoostClassifier, XGBoostRegressor)
LINEAR = (LogisticRegression, LinearRegression, Ridge, ElasticNet, SGDClassifier, SGDRegressor)

NOT_AVAILABLE = (
    "There are no attributions: for this estimator none is exact. Boosting with LightGBM or "
    "XGBoost and linear models have exact ones."
)
OTHER_MODELS = (
    "There are no attributions: without a test set the rows were predicted by models of other "
    "folds, which are not kept."
)
OUTPUTS: dict[ProblemType, str] = {
    "binary": "log odds of the positive class",
    "multiclass": "score of the class called, less that of the true one",
    "regression": "predicted value",
    "ranking": "score",
}
"""What the contributions add up to."""


@dataclass(frozen=True, eq=False)
class Attributions:
    """What each feature contributed to the output of each row.

    Attributes:
        features: The raw features.
        contributions: Shape (n, features), in the unit of `OUTPUTS`; the sum over the features and
            `base` is `score`.
        base: The output where no feature says anything, shape (n,).
        score: The output, shape (n,); before a calibration, where there is one.
    """

    features: tuple[str, ...]
    contributions: Floats
    base: Floats
    score: Floats


def attribute(
    model: Any,
    rows: pd.DataFrame,
    typical: pd.DataFrame,
    pairs: tuple[Codes, Codes] | None = None,
) -> Attributions | None:
    """Share out the model's output among the features of each row.

    Trees: SHAP values by the path through the trees (Lundberg et al., From local explanations to
    global understanding with explainable AI for trees, Nature Machine Intelligence 2, 2020), which
    LightGBM and XGBoost compute exactly. Linear models: the coefficient times the distance of the
    input from its mean over `typical`, which are their SHAP values where features are independent.
    What one raw feature became (an input a level, parts of a date) is added up.

    Args:
        model: A fitted pipeline of raw rows.
        rows: The rows, shape (n, columns); a few.
        typical: Training rows, with which a linear model's output is compared.
        pairs: Several classes: of each row the class whose score is attributed, and the one whose
            score is taken off it, each of shape (n,).

    Returns:
        None where the estimator has no exact attributions.
    """
    taken = ModelParts.of(model)
    if taken is None:
        return None
    found = _by_input(taken, rows, typical)
    if found is None:
        return None
    if pairs is not None:
        each = np.arange(len(rows))
        found = (found[each, pairs[0]] - found[each, pairs[1]])[:, np.newaxis]
    by_input, base = found[:, 0, :-1], found[:, 0, -1]
    features, codes = distinct(taken.features)
    contributions = np.zeros((len(rows), len(features)))
    for position, code in enumerate(codes):
        contributions[:, code] += by_input[:, position]
    return Attributions(features, contributions, base, base + contributions.sum(axis=1))


def _by_input(taken: ModelParts, rows: pd.DataFrame, typical: pd.DataFrame) -> Floats | None:
    """Attribute to inputs, shape (n, outputs, inputs + 1); the last one is the base."""
    estimator = taken.estimator
    while isinstance(estimator, CalibratedClassifier | DenseInputs):
        estimator = estimator.estimator
    if isinstance(estimator, BOOSTED):
        return estimator.contributions(_dense(taken.preprocess.transform(rows)))
    if isinstance(estimator, LINEAR):
        centre = np.asarray(taken.preprocess.transform(typical).mean(axis=0)).reshape(-1)
        return _linear(estimator, _dense(taken.preprocess.transform(rows)), centre)
    return None


def _linear(model: Any, matrix: Floats, centre: Floats) -> Floats:
    coefficients = np.atleast_2d(np.asarray(model.coef_, dtype=np.float64))
    start = np.broadcast_to(np.asarray(model.intercept_, dtype=np.float64), len(coefficients))
    base = start + np.einsum("oi,i->o", coefficients, centre)
    found = np.empty((len(matrix), len(coefficients), matrix.shape[1] + 1))
    found[:, :, :-1] = coefficients * (matrix - centre)[:, np.newaxis]
    found[:, :, -1] = base
    return found


def _dense(matrix: Any) -> Floats:
    return np.asarray(matrix.toarray() if hasattr(matrix, "toarray") else matrix, np.float64)
