"""What to search for, and how: `parameters_tuning.yml`."""

from __future__ import annotations

from typing import Any, Literal, Self, get_args

from pydantic import Field, ValidationError, model_validator

from experiment_cycle.errors import ConfigurationError, near_misses
from experiment_cycle.options import Options
from experiment_cycle.problem import Task
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.steps import loss_of


class SearchSpace(Options):
    """The values one hyperparameter may take; `low` and `high` are both among them."""

    type: Literal["int", "float", "categorical"]
    low: int | float | None = None
    high: int | float | None = None
    log: bool = Field(default=False, description="draw orders of magnitude instead of values")
    choices: tuple[bool | int | float | str, ...] | None = None

    @model_validator(mode="after")
    def _hold_together(self) -> Self:
        if self.type == "categorical":
            self._check_choices()
        else:
            self._check_range()
        return self

    def _check_choices(self) -> None:
        if self.low is not None or self.high is not None or self.log:
            raise ValueError("type categorical takes choices; low, high and log are for numbers")
        if not self.choices:
            raise ValueError("type categorical needs choices, a list of at least one value")
        if len(set(map(repr, self.choices))) < len(self.choices):
            raise ValueError("a value stands twice among the choices")

    def _check_range(self) -> None:
        if self.choices is not None:
            raise ValueError(f"type {self.type} takes low and high; choices are for categorical")
        if self.low is None or self.high is None:
            raise ValueError(f"type {self.type} needs both low and high")
        if self.low >= self.high:
            raise ValueError(f"low ({self.low}) must be less than high ({self.high})")
        if self.log and self.low <= 0:
            raise ValueError(f"log: true needs low above 0, but low is {self.low}")
        if self.type == "int" and not (
            float(self.low).is_integer() and float(self.high).is_integer()
        ):
            raise ValueError("type int needs whole numbers for low and high")

    def bounds(self) -> tuple[Any, ...]:
        """Name the values that every other one lies between: the choices, or low and high."""
        return self.choices if self.choices is not None else (self.low, self.high)


Space = dict[str, SearchSpace]


def _number(
    kind: Literal["int", "float"], low: float, high: float, log: bool = False
) -> SearchSpace:
    return SearchSpace(type=kind, low=low, high=high, log=log)


def _boosting(leaves: str, least: str, columns: str, penalty: str) -> Space:
    """Vary what matters most in boosting, by the names an estimator has for it."""
    return {
        leaves: _number("int", 4, 64, log=True),
        "learning_rate": _number("float", 0.02, 0.2, log=True),
        least: _number("int", 5, 200, log=True),
        columns: _number("float", 0.4, 1.0),
        penalty: _number("float", 0.001, 100.0, log=True),
    }


_SPACES: dict[str, Space] = {
    "linear": {"C": _number("float", 0.0001, 100.0, log=True)},
    "sgd": {
        "alpha": _number("float", 0.000001, 0.1, log=True),
        "eta0": _number("float", 0.001, 0.1, log=True),
    },
    "mlp": {
        "learning_rate": _number("float", 0.0001, 0.01, log=True),
        "alpha": _number("float", 0.000001, 0.1, log=True),
        "batch_size": _number("int", 32, 512, log=True),
    },
    "random_forest": {
        "max_features": _number("float", 0.1, 1.0),
        "min_samples_leaf": _number("int", 1, 50, log=True),
    },
    "hist_gradient_boosting": _boosting(
        "max_leaf_nodes", "min_samples_leaf", "max_features", "l2_regularization"
    ),
    "lightgbm": _boosting("num_leaves", "min_child_samples", "colsample_bytree", "reg_lambda"),
    "xgboost": {
        "max_depth": _number("int", 2, 10),
        "learning_rate": _number("float", 0.02, 0.2, log=True),
        "min_child_weight": _number("float", 0.5, 50.0, log=True),
        "colsample_bytree": _number("float", 0.4, 1.0),
        "reg_lambda": _number("float", 0.001, 100.0, log=True),
    },
    "skorch": {
        "learning_rate": _number("float", 0.0001, 0.01, log=True),
        "weight_decay": _number("float", 0.0001, 0.3, log=True),
        "dropout": _number("float", 0.0, 0.5),
    },
}


class Spaces(Options):
    """The search space of every estimator."""

    dummy: Space = Field(default={})
    linear: Space = _SPACES["linear"]
    sgd: Space = _SPACES["sgd"]
    mlp: Space = _SPACES["mlp"]
    random_forest: Space = _SPACES["random_forest"]
    hist_gradient_boosting: Space = _SPACES["hist_gradient_boosting"]
    lightgbm: Space = _SPACES["lightgbm"]
    xgboost: Space = _SPACES["xgboost"]
    skorch: Space = _SPACES["skorch"]
    custom: Space = Field(default={})


class TuningOptions(Options):
    """The search for hyperparameters."""

    method: Literal["none", "random", "bayesian"] = "bayesian"
    backend: str = "optuna"
    trials: int = Field(default=30, ge=1)
    metric: str | None = Field(
        default=None, description="measured on validation; null: the loss of the task"
    )
    spaces: Spaces = Spaces()

    def space(self, estimator: str) -> Space:
        """Look up what is searched for one estimator, in the order of its names."""
        space: Space = getattr(self.spaces, estimator)
        return {name: space[name] for name in sorted(space)}

    def metric_of(self, task: Task) -> str:
        """Name the metric that trials of a task are compared by."""
        return self.metric or loss_of(task)


def check_tuning(options: TuningOptions, training_options: TrainingOptions) -> None:
    """Check the search spaces against the estimators they are for.

    Raises:
        ConfigurationError: a space names a hyperparameter its estimator does not have, or goes
            beyond what it may be; or there is nothing to search.
    """
    problems = []
    for estimator in Spaces.model_fields:
        for name, space in options.space(estimator).items():
            problems += _problems(estimator, name, space, training_options)
    estimator = training_options.estimator
    if options.method != "none" and not options.space(estimator):
        searchable = training_options.hyperparameters(estimator)
        remedy = "name at least one hyperparameter, or set" if searchable else "set"
        problems.append(
            f"tuning.spaces.{estimator} is empty, so that method '{options.method}' has nothing to "
            f"search; {remedy} tuning.method to none."
        )
    if problems:
        raise ConfigurationError(" ".join(problems))


def _problems(
    estimator: str, name: str, space: SearchSpace, training: TrainingOptions
) -> list[str]:
    here = f"tuning.spaces.{estimator}.{name}"
    configured = getattr(training.estimators, estimator)
    model = type(configured)
    if name not in model.model_fields:
        known = near_misses(name, model.model_fields)
        return [f"{here}: {estimator} has no such hyperparameter. {known}"]
    if space.type == "float" and _is_whole(model.model_fields[name].annotation):
        return [f"{here}: {name} is a whole number; use type int."]
    found = []
    for value in space.bounds():
        try:
            model.model_validate(configured.model_dump() | {name: value})
        except ValidationError as error:
            found.append(f"{here}: {value!r} is not allowed ({error.errors()[0]['msg']}).")
    return found


def _is_whole(annotation: Any) -> bool:
    """Tell whether a hyperparameter is a whole number, or null."""
    kinds = set(get_args(annotation)) or {annotation}
    return int in kinds and float not in kinds
