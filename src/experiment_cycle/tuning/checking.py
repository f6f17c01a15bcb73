"""Whether a search makes sense, found out before its first trial."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import ValidationError

from experiment_cycle.errors import ConfigurationError, near_misses
from experiment_cycle.training.dotted_paths import load_class, parameters_of
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.own_estimator import KEY, make_own
from experiment_cycle.tuning.options import Spaces, TuningOptions
from experiment_cycle.tuning.spaces import (
    SearchSpace,
    Space,
    contains,
    defaults_of,
    grid_size,
    grid_values,
    with_parameters,
)

INNER = {"custom": "parameters", "skorch": "module_parameters"}
"""The hyperparameter that holds those of a class of the user's own."""
RESOURCES = {
    "sgd": "epochs",
    "mlp": "epochs",
    "skorch": "epochs",
    "custom": "epochs",
    "hist_gradient_boosting": "n_estimators",
    "lightgbm": "n_estimators",
    "xgboost": "n_estimators",
}
"""What Hyperband gives a trial more of, so that it cannot be searched as well."""


def check_tuning(options: TuningOptions, training: TrainingOptions) -> None:
    """Refuse a search that makes no sense; see `tuning_problems`.

    Raises:
        ConfigurationError: the message names all that is wrong.
    """
    problems = tuning_problems(options, training)
    if problems:
        raise ConfigurationError(" ".join(problems))


def tuning_problems(options: TuningOptions, training: TrainingOptions) -> list[str]:
    """Check the search spaces against the estimators they are for, and what is left to search.

    Returns:
        What is wrong, each with its key: a space names a hyperparameter its estimator does not
        have, goes beyond what it may be, or depends on what is not searched; there is nothing to
        search; a grid has more points than there are trials; or Hyperband would judge no trial.
    """
    problems: list[str] = []
    for estimator in Spaces.model_fields:
        given: Space | None = getattr(options.spaces, estimator)
        problems += _of_space(estimator, given or {}, training)
    if options.method != "none" and not problems:
        problems += _of_search(options, training)
    return problems


def _of_space(estimator: str, space: Space, training: TrainingOptions) -> Iterator[str]:
    for name, one in space.items():
        here = f"tuning.spaces.{estimator}.{name}"
        yield from _of_values(here, estimator, name, one, training)
        for other, values in one.when.items():
            yield from _of_condition(f"{here}.when", space, name, other, values)


def _of_condition(
    here: str, space: Space, name: str, other: str, values: tuple[Any, ...]
) -> Iterator[str]:
    if other not in space:
        known = near_misses(other, [each for each in space if each != name])
        yield f"{here}: '{other}' is not searched, so that nothing can depend on it. {known}"
        return
    if name in _conditions(space, name):
        yield f"{here}: {name} would depend on itself."
        return
    if space[other].type == "float":
        yield (
            f"{here}: {other} is of type float, of which no single value is ever drawn; a "
            "condition needs type int or categorical."
        )
        return
    for value in values:
        if not space[other].holds(value):
            yield f"{here}: {other} is never {value!r} in its space."


def _conditions(space: Space, name: str) -> set[str]:
    """Name everything that a hyperparameter depends on, directly or not."""
    found: set[str] = set()
    left = list(space[name].when)
    while left:
        other = left.pop()
        if other not in found and other in space:
            found.add(other)
            left += space[other].when
    return found


def _of_values(
    here: str, estimator: str, name: str, one: SearchSpace, training: TrainingOptions
) -> Iterator[str]:
    configured = getattr(training.estimators, estimator)
    model = type(configured)
    outer, _, inner = name.partition(".")
    if inner and outer == INNER.get(estimator):
        # the class is imported only where it is used
        if estimator == "custom" and training.estimator == "custom":
            yield from _of_own_class(here, inner, one, training)
        return
    if name not in model.model_fields:
        known = near_misses(name, model.model_fields)
        own = INNER.get(estimator)
        more = f" What the class takes is written {own}.<name>." if own else ""
        yield f"{here}: {estimator} has no such hyperparameter. {known}{more}"
        return
    if one.type == "float" and _is_whole(model.model_fields[name].annotation):
        yield f"{here}: {name} is a whole number; use type int."
        return
    for value in one.bounds():
        try:
            model.model_validate(configured.model_dump() | {name: value})
        except ValidationError as error:
            yield f"{here}: {_shown(value)} is not allowed ({error.errors()[0]['msg']})."


def _of_own_class(
    here: str, inner: str, one: SearchSpace, training: TrainingOptions
) -> Iterator[str]:
    options = training.estimators.custom
    try:
        known = parameters_of(load_class(options.path, f"{KEY}.path", "my_project.models.Forest"))
    except ConfigurationError:
        # told with the estimator itself
        return
    if known is not None and inner not in known:
        yield f"{here}: {options.path} does not take '{inner}'. {near_misses(inner, known)}"
        return
    for value in one.bounds():
        changed = with_parameters(options.model_dump(), {f"parameters.{inner}": value})
        try:
            made = make_own(type(options).model_validate(changed))
            # scikit-learn's estimators check their parameters when they are fitted, by this method
            getattr(made, "_validate_params", lambda: None)()
        except (ConfigurationError, ValueError, TypeError) as error:
            yield f"{here}: {_shown(value)} is not allowed ({error})."


def _of_search(options: TuningOptions, training: TrainingOptions) -> Iterator[str]:
    estimator = training.estimator
    space = options.space(training)
    key = f"tuning.spaces.{estimator}"
    if not space:
        searchable = training.hyperparameters(estimator)
        remedy = "name at least one hyperparameter, or set" if searchable else "set"
        derived = options.is_derived(estimator)
        why = "null, and nothing is known to derive it from" if derived else "empty"
        yield (
            f"{key}: it is {why}, so that method '{options.method}' has nothing to search; "
            f"{remedy} tuning.method to none."
        )
        return
    resource = RESOURCES.get(estimator)
    if options.method == "hyperband" and resource in space:
        yield (
            f"{key}.{resource}: Hyperband gives promising trials more {resource} itself; leave it "
            "out of the space, and set its most in training.estimators."
        )
    if options.method == "hyperband" and resource is not None:
        yield from _of_resource(options, training, resource)
    if options.method == "grid":
        yield from _of_grid(options, space, training)


def _of_resource(options: TuningOptions, training: TrainingOptions, resource: str) -> Iterator[str]:
    """Find out whether any trial is judged before it has ended by itself."""
    most = training.hyperparameters(training.estimator).get(resource)
    least = options.hyperband.min_resource
    if most is None or least is None or least < most:
        return
    allowed = f"1 to {most - 1:,}, or null" if most > 1 else "only null"
    yield (
        f"tuning.hyperband.min_resource: {least:,} is allowed only below the {most:,} that a whole "
        f"trial takes (training.estimators.{training.estimator}.{resource}), for no trial would be "
        f"stopped early. Allowed: {allowed}."
    )


def _of_grid(options: TuningOptions, space: Space, training: TrainingOptions) -> Iterator[str]:
    size = grid_size(space)
    defaults = defaults_of(space, training.hyperparameters(training.estimator))
    # the configuration is the first trial; mostly it lies between the points
    needed = size if _on_grid(space, defaults) else size + 1
    if needed > options.trials:
        more = "" if needed == size else ", and the configuration itself is tried first"
        yield (
            f"tuning.method: it is grid, and tuning.spaces.{training.estimator} has {size:,} "
            f"points{more}, but tuning.trials is {options.trials:,}. Next step: set tuning.trials "
            f"to {needed:,}, search fewer hyperparameters, or give fewer values by num, step or "
            "choices."
        )


def _on_grid(space: Space, values: dict[str, Any]) -> bool:
    return contains(space, values) and all(
        value in grid_values(space[name]) for name, value in values.items()
    )


def _shown(value: Any) -> str:
    return repr(list(value)) if isinstance(value, tuple) else repr(value)


def _is_whole(annotation: Any) -> bool:
    """Tell whether a hyperparameter is a whole number, or null."""
    kinds = set(get_args(annotation)) or {annotation}
    return int in kinds and float not in kinds
