"""Logistic regression, the simple model a better one must beat."""

from __future__ import annotations

import warnings
from typing import Any

from sklearn.compose import ColumnTransformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from experiment_cycle.metrics.catalogue import measure
from experiment_cycle.training.estimators.contract import Fitted, OnRound
from experiment_cycle.training.features import Features
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.prepared import Prepared
from experiment_cycle.training.records import TrainingHistory

LOSS = "log_loss"
RARE = 10
"""Levels with fewer training rows share one input, which also takes levels never seen."""
MOST_LEVELS = 100


def make_preprocess(features: Features) -> ColumnTransformer:
    """Scale numbers and fill their gaps with the median; one input for each frequent category."""
    branches: list[tuple[str, Any, list[str]]] = []
    if features.numeric:
        # scaled first, because the scaler takes every numeric type and the imputer does not;
        # the median of a scaled column is its scaled median
        numbers = Pipeline(
            [("scale", StandardScaler()), ("impute", SimpleImputer(strategy="median"))]
        )
        branches.append(("numeric", numbers, list(features.numeric)))
    if features.categorical:
        levels = OneHotEncoder(
            handle_unknown="infrequent_if_exist", min_frequency=RARE, max_categories=MOST_LEVELS
        )
        branches.append(("categorical", levels, list(features.categorical)))
    return ColumnTransformer(branches, verbose_feature_names_out=False)


def fit(
    prepared: Prepared,
    hyperparameters: dict[str, Any],
    options: TrainingOptions,
    seed: int,
    on_round: OnRound | None = None,
    watch_train: bool = True,
) -> Fitted:
    """Fit to convergence. There are no rounds, so the history has one point, the fitted model.

    Args:
        prepared: Matrices of train and validation.
        hyperparameters: As in `LinearHyperparameters`.
        options: Names the second metric of the history.
        seed: Kept in the model; the solver itself draws nothing.
        on_round: Never called.
        watch_train: Also measure the training rows.
    """
    model = LogisticRegression(**hyperparameters, random_state=seed)
    # one thread: sums taken in another order differ in their last digits
    with warnings.catch_warnings(record=True) as caught, threadpool_limits(1):
        warnings.simplefilter("always")
        model.fit(prepared.train, prepared.train_target)
    converged = True
    for warning in caught:
        if issubclass(warning.category, ConvergenceWarning):
            converged = False
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    history = _history(model, prepared, options.early_stopping.metric, watch_train, converged)
    return Fitted(model, history, warning=None if converged else history.stopped_because)


def _history(
    model: LogisticRegression,
    prepared: Prepared,
    metric: str,
    watch_train: bool,
    converged: bool,
) -> TrainingHistory:
    measured = {
        "train": _measure(model, prepared.train, prepared.train_target, metric)
        if watch_train
        else {},
        "validation": _measure(model, prepared.validation, prepared.validation_target, metric),
    }
    iterations = int(model.n_iter_.max())
    reason = (
        f"The solver converged after {iterations} iterations."
        if converged
        else f"The solver did not converge within max_iter ({iterations}) iterations; raise "
        "training.estimators.linear.max_iter, or lower C."
    )
    return TrainingHistory(
        estimator="linear",
        metric=metric,
        train=measured["train"],
        validation=measured["validation"],
        best_round=None,
        rounds=0,
        stopped_because=reason,
    )


def _measure(
    model: LogisticRegression, matrix: Any, target: Any, metric: str
) -> dict[str, tuple[float, ...]]:
    probability = model.predict_proba(matrix)[:, 1]
    return {name: (measure(name, target, probability),) for name in dict.fromkeys([LOSS, metric])}
