"""What is asked of an estimator of the user's own, before anything is learned with it."""

from __future__ import annotations

import inspect
from typing import Any

import skops.io
from sklearn.base import is_classifier

from experiment_cycle.datasets.skops_model import TRUSTED_TYPES
from experiment_cycle.errors import ConfigurationError
from experiment_cycle.problem import Task
from experiment_cycle.training.dotted_paths import load_class, refuse_unknown_parameters
from experiment_cycle.training.hyperparameters import CustomHyperparameters

KEY = "training.estimators.custom"


def make_own(options: CustomHyperparameters) -> Any:
    """Make the estimator as it is configured.

    Raises:
        ConfigurationError: it cannot be imported or made.
    """
    kind = load_class(options.path, f"{KEY}.path", "my_project.models.Forest")
    refuse_unknown_parameters(kind, options.parameters, f"{KEY}.parameters")
    try:
        return kind(**options.parameters)
    # whatever the user's class raises, it cannot be made
    except Exception as error:
        raise ConfigurationError(
            f"{_who(options)} cannot be made with the parameters {options.parameters}: "
            f"{type(error).__name__}: {error}. Next step: correct {KEY}.parameters."
        ) from error


def check_methods(
    estimator: Any, options: CustomHyperparameters, task: Task | None, weighted: bool
) -> None:
    """Look for the methods that are needed.

    Args:
        estimator: Made by `make_own`.
        options: How it is configured.
        task: What it is to solve; None: not known here.
        weighted: Training rows have weights.

    Raises:
        ConfigurationError: a method is lacking, or does not take what it must.
    """
    learns = "fit" if options.epochs is None else "partial_fit"
    needed = [learns, "predict", *(["predict_proba"] if task == "classification" else [])]
    lacking = [name for name in needed if not callable(getattr(estimator, name, None))]
    if learns in lacking and learns == "partial_fit":
        raise ConfigurationError(
            f"{KEY}.epochs is {options.epochs}, but {_who(options)} has no partial_fit, so that it "
            "cannot learn epoch by epoch. Next step: set epochs to null."
        )
    if lacking:
        whose = "It" if task is None else f"The task {task}"
        raise ConfigurationError(
            f"{_who(options)} lacks {' and '.join(lacking)} with these parameters. {whose} needs "
            f"{', '.join(needed)}, as scikit-learn's estimators have them. Next step: name another "
            "class, or add what is lacking."
        )
    if not all(hasattr(estimator, name) for name in ("get_params", "__sklearn_tags__")):
        raise ConfigurationError(
            f"{_who(options)} is no estimator of scikit-learn's kind: it has no get_params and "
            "__sklearn_tags__. Next step: derive it from sklearn.base.BaseEstimator."
        )
    if task not in {None, "classification"} and is_classifier(estimator):
        raise ConfigurationError(
            f"{_who(options)} is a classifier, but the task is {task}. Next step: name a regressor."
        )
    if weighted and not takes(estimator, learns, "sample_weight"):
        raise ConfigurationError(
            f"{_who(options)} takes no sample_weight in {learns}, but rows are weighted "
            "(columns.weight, or training.class_weight). Next step: set both to null, or name a "
            "class that takes weights."
        )


def refuse_untrusted(estimator: Any, options: CustomHyperparameters) -> None:
    """Raise ConfigurationError if the estimator could not be stored, or not be read again.

    Trusted are the types that skops knows to be harmless, those on this project's list, and those
    that `trusted_types` names: the same as when the model is read.
    """
    try:
        found = skops.io.get_untrusted_types(data=skops.io.dumps(estimator))
    # skops raises what it comes upon
    except Exception as error:
        raise ConfigurationError(
            f"{_who(options)} cannot be stored with skops: {type(error).__name__}: {error}. Next "
            "step: let its attributes be plain values, NumPy arrays and other estimators."
        ) from error
    allowed = {*TRUSTED_TYPES, *options.trusted_types}
    unknown = [name for name in found if name not in allowed]
    if unknown:
        raise ConfigurationError(
            f"A saved model of {_who(options)} holds types that this project does not trust: "
            f"{', '.join(unknown)}. Reading a model runs code of theirs. Next step: if you trust "
            f"them, list them under {KEY}.trusted_types."
        )


def takes(estimator: Any, method: str, name: str) -> bool:
    """Tell whether a method has a parameter of a name."""
    try:
        return name in inspect.signature(getattr(estimator, method)).parameters
    except ValueError:
        # some compiled methods do not tell
        return False


def _who(options: CustomHyperparameters) -> str:
    return f"'{options.path}' ({KEY}.path)"
