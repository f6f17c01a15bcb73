"""What the keys of one stage demand of another's, and what a task has no use for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

from experiment_cycle.backends import DISTRIBUTION, check_backend, known_backends
from experiment_cycle.decision.criteria import check_hypothesis
from experiment_cycle.errors import BackendError, ConfigurationError, CycleError, near_misses
from experiment_cycle.evaluation.errors.groupings import intersections
from experiment_cycle.evaluation.errors.mitigated import mitigated_column
from experiment_cycle.metrics.catalogue import check_metric
from experiment_cycle.problem import PROBLEMS
from experiment_cycle.splitting.options import check_splitting
from experiment_cycle.training.choices import check_choices
from experiment_cycle.tuning.checking import tuning_problems

if TYPE_CHECKING:
    from experiment_cycle.configuration import Configuration

MODULES = {"xgboost": ("xgboost",), "skorch": ("torch", "skorch")}
"""What an estimator needs that is not installed with this package."""
EXTRAS = {"xgboost": "xgboost", "skorch": "torch"}
"""The extra of this package that brings it."""


def find_contradictions(configuration: Configuration) -> Iterator[str]:
    """Say what is wrong with parameters each of which is right by itself.

    Yields:
        The key, a colon, and what is wrong with it.
    """
    yield from _of_backends(configuration)
    yield from _of_columns(configuration)
    yield from _of_metrics(configuration)
    yield from _told(
        "training", lambda: check_choices(configuration.training, PROBLEMS[configuration.task])
    )
    yield from _of_estimators(configuration)
    yield from _of_transformers(configuration)
    yield from _told(
        "splitting", lambda: check_splitting(configuration.columns, configuration.splitting)
    )
    yield from tuning_problems(configuration.tuning, configuration.training)
    yield from _of_behaviour(configuration)
    yield from _of_fairness(configuration)
    yield from _of_gates(configuration)


def _told(key: str, check: Callable[[], object]) -> Iterator[str]:
    try:
        check()
    except CycleError as error:
        named = error.message.startswith(key)
        yield error.message if named else f"{key}: {error.message}"


def _of_backends(configuration: Configuration) -> Iterator[str]:
    versioning = configuration.data_versioning
    versioners = known_backends("versioners")
    for name in sorted(set(versioning.backends.model_extra or {}) - set(versioners)):
        yield f"data_versioning.backends.{name}: unknown key. {near_misses(name, versioners)}"
    yield from _told(
        "data_versioning.backend", lambda: check_backend("versioners", versioning.backend)
    )
    yield from _told(
        "tuning.backend", lambda: check_backend("tuners", configuration.tuning.backend)
    )


def _of_columns(configuration: Configuration) -> Iterator[str]:
    columns, task = configuration.columns, configuration.task
    if task == "ranking" and columns.query is None:
        yield (
            "columns.query: the task ranking needs it: the column that names the list each row is "
            "ranked in, such as a search, a session, or the traveller who chooses among the rows."
        )
    if task != "classification" and columns.positive is not None:
        yield (
            f"columns.positive: {columns.positive!r} names a class, but the task is {task}. Set it "
            "to null, or task to classification."
        )


def _of_fairness(configuration: Configuration) -> Iterator[str]:
    """Find columns that are compared or mitigated for without being sensitive."""
    columns, options = configuration.columns, configuration.evaluation
    yield from _told("evaluation", lambda: intersections(columns.sensitive, options))
    if options.fairness.mitigation == "none":
        return
    yield from _told("evaluation", lambda: mitigated_column(columns, options))
    if configuration.task != "classification":
        yield (
            f"evaluation.fairness.mitigation: '{options.fairness.mitigation}' is for two classes, "
            f"and the task is {configuration.task}. Set it to none."
        )


def _of_behaviour(configuration: Configuration) -> Iterator[str]:
    """Find tests that change a column no model reads; unknown ones are found in the data."""
    roles = configuration.columns.declared()
    for place, test in enumerate(configuration.evaluation.behaviour):
        for name in test.change:
            if not configuration.columns.features([name]):
                yield (
                    f"evaluation.behaviour.{place}.change.{name}: no model reads '{name}', which "
                    f"columns.{roles.get(name)} names, so that changing it tells nothing. Change "
                    "a feature."
                )


def _of_metrics(configuration: Configuration) -> Iterator[str]:
    task, training = configuration.task, configuration.training
    yield from _told("hypothesis", lambda: check_hypothesis(configuration.hypothesis, task))
    named = [
        ("tuning.metric", configuration.tuning.metric),
        ("training.early_stopping.metric", training.early_stopping.metric),
        *(("training.metrics", name) for name in training.metrics or ()),
    ]
    for key, name in named:
        if name is not None:
            yield from _told(key, lambda name=name: check_metric(name, task))  # type: ignore[misc]


def _of_estimators(configuration: Configuration) -> Iterator[str]:
    training = configuration.training
    chosen = {"training.estimator": training.estimator, "training.baseline": training.baseline}
    for key, name in chosen.items():
        yield from _told(key, lambda name=name: _check_installed(name))  # type: ignore[misc]
    if "custom" in chosen.values():
        # imports scikit-learn, and then the user's own module
        from experiment_cycle.training.estimators.custom import check_custom  # noqa: PLC0415

        weighted = configuration.columns.weight is not None or training.class_weight is not None
        yield from _told(
            "training.estimators.custom",
            lambda: check_custom(training.estimators.custom, configuration.task, weighted),
        )

    network = training.estimators.skorch
    if "skorch" in chosen.values() and network.module and find_spec("torch") is not None:
        # imports PyTorch, and then the user's own module
        from experiment_cycle.training.network_choice import check_module  # noqa: PLC0415

        yield from _told(
            "training.estimators.skorch",
            lambda: check_module(network.module or "", network.module_parameters),
        )


def _of_gates(configuration: Configuration) -> Iterator[str]:
    """Find gates of the user's own that could not be checked after hours of training."""
    own = configuration.decision.own_gates
    if own:
        # imports the user's own module
        from experiment_cycle.decision.gates.own import check_own_gates  # noqa: PLC0415

        yield from _told("decision.own_gates", lambda: check_own_gates(own))


def _of_transformers(configuration: Configuration) -> Iterator[str]:
    """Find transformers of the user's own that could not be read back from the saved model."""
    options = configuration.training.preprocessing
    key = "training.preprocessing"
    named = {f"{key}.transformer": options.transformer} | {
        f"{key}.columns.{name}.transformer": each.transformer
        for name, each in options.columns.items()
    }
    for where, path in named.items():
        if path is not None:
            check = partial(_check_trusted, path, where, options.trusted_types)
            yield from _told(where, check)


def _check_trusted(path: str, where: str, trusted: tuple[str, ...]) -> None:
    """Refuse a class that is not trusted, before hours are spent on a model that holds it.

    Raises:
        ConfigurationError: it cannot be imported, or is not named in `trusted_types`.
    """
    # imports the user's own module
    from experiment_cycle.training.dotted_paths import load_class  # noqa: PLC0415

    kind = load_class(path, where, "my_project.features.Distances")
    name = f"{kind.__module__}.{kind.__qualname__}"
    if name not in trusted and not name.startswith("sklearn."):
        raise ConfigurationError(
            f"'{name}' is code of your own, which a saved model is read with. Next step: name it "
            f"as trusted: training.preprocessing.trusted_types: [{name}]."
        )


def _check_installed(estimator: str) -> None:
    """Find out whether an estimator's packages are there, without the seconds of importing them.

    Raises:
        BackendError: one is not installed.
    """
    for module in MODULES.get(estimator, ()):
        if find_spec(module) is None:
            raise BackendError(
                f"the estimator {estimator} needs the package '{module}', which is not installed. "
                f'Next step: pip install "{DISTRIBUTION}[{EXTRAS[estimator]}]".'
            )
