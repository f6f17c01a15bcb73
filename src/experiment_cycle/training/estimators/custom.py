"""Any class with the interface of scikit-learn's estimators, named by dotted path."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import get_tags
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from experiment_cycle.errors import ConfigurationError, CycleError, TrainingError
from experiment_cycle.problem import ProblemType, Task
from experiment_cycle.training.dense_inputs import DenseInputs
from experiment_cycle.training.epochs import EpochLearner, LearnRows, fit_in_epochs
from experiment_cycle.training.estimators.contract import FitRequest, Fitted, Wants
from experiment_cycle.training.hyperparameters import CustomHyperparameters
from experiment_cycle.training.measuring import measure_parts
from experiment_cycle.training.own_estimator import (
    KEY,
    check_methods,
    make_own,
    refuse_untrusted,
    takes,
)
from experiment_cycle.training.prepared import Prepared

PROBLEMS: frozenset[ProblemType] = frozenset({"binary", "multiclass", "regression", "ranking"})
UNIT: Literal["round", "epoch"] | None = "epoch"
WANTS = Wants(scaled=True, codes=False, gaps=False)

REHEARSED = 20
"""Rows of each class, or of all, that a class is tried on first."""


def steps(hyperparameters: dict[str, Any]) -> int | None:
    """Tell the most epochs; None where it is fitted at once."""
    epochs: int | None = hyperparameters["epochs"]
    return epochs


def check_custom(
    options: CustomHyperparameters, task: Task | None = None, weighted: bool = False
) -> None:
    """Find out whether the configured class can be used, before any data are read.

    Args:
        options: Path, parameters and what is trusted.
        task: What it is to solve; None: not asked.
        weighted: Training rows have weights.

    Raises:
        ConfigurationError: it cannot be imported or made, lacks a method, takes no weights, or
            could not be read from a file again.
    """
    estimator = make_own(options)
    check_methods(estimator, options, task, weighted)
    refuse_untrusted(estimator, options)


def fit(request: FitRequest) -> Fitted:
    """Fit at once, or epoch by epoch where `epochs` is set.

    The estimator is given the seed where it has a `random_state`, and the threads where it has
    `n_jobs`. For ranking it predicts the relevance of each row by itself.

    Raises:
        ConfigurationError: the class cannot be used.
        TrainingError: it raised an error.
    """
    prepared = request.prepared
    options = CustomHyperparameters.model_validate(request.hyperparameters)
    task: dict[ProblemType, Task] = {"regression": "regression", "ranking": "ranking"}
    check_custom(
        options,
        task.get(prepared.problem.type, "classification"),
        prepared.train_weight is not None,
    )
    model = _make(request, options)
    _rehearse(model, prepared, options)
    with warnings.catch_warnings(record=True) as caught, threadpool_limits(1):
        warnings.simplefilter("always")
        fitted = _saying_who(options, lambda: _learn(model, request, options))
    return Fitted(fitted, warning=_warning(caught))


def _learn(model: Any, request: FitRequest, options: CustomHyperparameters) -> Any:
    prepared = request.prepared
    if options.epochs is not None:
        learner = EpochLearner(
            make=lambda: model,
            learn=_partial_fit(model, prepared),
            rows_a_call=options.batch_size,
            trusted=options.trusted_types,
        )
        fitted = fit_in_epochs(request, learner)
        _check_classes(fitted, prepared, options)
        return fitted
    weight = prepared.train_weight
    weights = {} if weight is None else {"sample_weight": weight}
    model.fit(prepared.train, prepared.train_target, **weights)
    _check_classes(model, prepared, options)
    # some add up in whatever order threads finish when they predict: last digits would vary
    _set(model, options, "n_jobs", 1)
    request.watch.record(measure_parts(request.watch, prepared, model))
    return model


def _make(request: FitRequest, options: CustomHyperparameters) -> Any:
    model = make_own(options)
    _set(model, options, "random_state", request.seed)
    _set(model, options, "n_jobs", request.threads)
    if sparse.issparse(request.prepared.train) and not _reads_sparse(model):
        return DenseInputs(model)
    return model


def _held(model: Any) -> Any:
    """Take the user's own estimator out of what surrounds it."""
    return model.estimator if isinstance(model, DenseInputs) else model


def _set(model: Any, options: CustomHyperparameters, name: str, value: Any) -> None:
    """Set a parameter that the estimator has and the user did not give."""
    held = _held(model)
    known = held.get_params(deep=False)
    # None counts as one thread, and some warn of a 1 that they have no use for
    same = name == "n_jobs" and value == 1 and known.get(name) is None
    if name in known and name not in options.parameters and not same:
        held.set_params(**{name: value})


def _reads_sparse(model: Any) -> bool:
    return hasattr(model, "__sklearn_tags__") and bool(get_tags(model).input_tags.sparse)


def _partial_fit(model: Any, prepared: Prepared) -> LearnRows:
    held = _held(model)
    first: dict[str, Any] = {}
    if prepared.problem.classes and takes(held, "partial_fit", "classes"):
        first["classes"] = np.arange(len(prepared.problem.classes))

    def learn(present: Any, rows: Any, target: Any, weight: Any) -> None:
        weights = {} if weight is None else {"sample_weight": weight}
        present.partial_fit(rows, target, **first, **weights)

    return learn


def _rehearse(model: Any, prepared: Prepared, options: CustomHyperparameters) -> None:
    """Fit a copy on a few rows, to see what a saved model would hold before hours are spent.

    Some classes cannot be fitted on so few; they are looked into when they are stored.
    """
    target = prepared.train_target
    codes = range(len(prepared.problem.classes))
    few = [np.flatnonzero(target == code)[:REHEARSED] for code in codes]
    rows = np.concatenate(few) if few else np.arange(min(REHEARSED, len(target)))
    try:
        copy = clone(model)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if options.epochs is None:
                copy.fit(prepared.train[rows], target[rows])
            else:
                _partial_fit(copy, prepared)(copy, prepared.train[rows], target[rows], None)
    except Exception:
        return
    refuse_untrusted(_held(copy), options)


def _check_classes(model: Any, prepared: Prepared, options: CustomHyperparameters) -> None:
    """Refuse probabilities that are not of the classes in the order of their codes."""
    count = len(prepared.problem.classes)
    if not count:
        return
    classes = np.asarray(getattr(model, "classes_", np.arange(count)))
    shape = np.shape(model.predict_proba(prepared.train[:1]))
    if shape != (1, count) or not np.array_equal(classes, np.arange(count)):
        raise ConfigurationError(
            f"'{options.path}' ({KEY}.path) predicts probabilities of shape {shape} for one row "
            f"and the classes {classes.tolist()}, where {(1, count)} and the codes 0 to "
            f"{count - 1} are needed. Next step: let predict_proba return a column for each class "
            "of the target, in ascending order."
        )


def _saying_who(options: CustomHyperparameters, learn: Callable[[], Any]) -> Any:
    try:
        return learn()
    except (CycleError, MemoryError):
        raise
    # whatever the user's class raises, the user is to know where it comes from
    except Exception as error:
        raise TrainingError(
            f"'{options.path}' ({KEY}.path) failed: {type(error).__name__}: {error}. Next step: "
            f"correct the class, or {KEY}.parameters."
        ) from error


def _warning(caught: list[warnings.WarningMessage]) -> str | None:
    """Pass warnings on, but for one that learning did not end by itself, which is the model's."""
    told = None
    for warning in caught:
        if issubclass(warning.category, ConvergenceWarning):
            told = str(warning.message).splitlines()[0]
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    return told
