"""Logistic or ridge regression, the simple model a better one must beat."""

from __future__ import annotations

import warnings
from typing import Any, Literal

from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from experiment_cycle.problem import ProblemType
from experiment_cycle.training.estimators.contract import FitRequest, Fitted, Wants
from experiment_cycle.training.measuring import measure_parts

PROBLEMS: frozenset[ProblemType] = frozenset({"binary", "multiclass", "regression", "ranking"})
UNIT: Literal["round", "epoch"] | None = None
WANTS = Wants(scaled=True, codes=False, gaps=False)


def steps(hyperparameters: dict[str, Any]) -> int | None:
    """Tell that there are no steps."""
    return None


def fit(request: FitRequest) -> Fitted:
    """Fit to convergence: logistic regression (multinomial for several classes), else ridge.

    Ranking is ridge regression of the relevance. There are no steps, so the history has one point,
    the fitted model.
    """
    prepared = request.prepared
    model = _make(request)
    # one thread: sums taken in another order differ in their last digits
    with warnings.catch_warnings(record=True) as caught, threadpool_limits(1):
        warnings.simplefilter("always")
        model.fit(prepared.train, prepared.train_target, sample_weight=prepared.train_weight)
        request.watch.record(measure_parts(request.watch, prepared, model))
    converged = True
    for warning in caught:
        if issubclass(warning.category, ConvergenceWarning):
            converged = False
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    reason = _reason(model, converged)
    return Fitted(model, warning=None if converged else reason, stopped_because=reason)


def _make(request: FitRequest) -> Any:
    strength, most = request.hyperparameters["C"], request.hyperparameters["max_iter"]
    if request.prepared.problem.classes:
        return LogisticRegression(C=strength, max_iter=most, random_state=request.seed)
    return Ridge(alpha=1.0 / strength, max_iter=most, random_state=request.seed)


def _reason(model: Any, converged: bool) -> str:
    if model.n_iter_ is None:
        return "It was solved directly."
    iterations = int(max(model.n_iter_))
    if converged:
        return f"The solver converged after {iterations} iterations."
    return (
        f"The solver did not converge within max_iter ({iterations}) iterations; raise "
        "training.estimators.linear.max_iter, or lower C."
    )
