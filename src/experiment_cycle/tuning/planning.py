"""What a search is to do: a study with its key, and what its trials are made of."""

from __future__ import annotations

from dataclasses import dataclass

from experiment_cycle.metrics.catalogue import metric
from experiment_cycle.options import fingerprint
from experiment_cycle.problem import Task
from experiment_cycle.training.fit_key import code_versions, data_hash
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.prepared import Prepared
from experiment_cycle.training.trainer import check_hyperparameters, recipe
from experiment_cycle.tuning.contract import Halving, Study
from experiment_cycle.tuning.halving import rungs_of
from experiment_cycle.tuning.objective import shares_of_rows
from experiment_cycle.tuning.options import TuningOptions
from experiment_cycle.tuning.spaces import defaults_of


@dataclass(frozen=True, eq=False)
class SearchPlan:
    """A study, and what its trials are made of.

    Attributes:
        study: What is searched.
        metric: What trials are compared by.
        prepared: The matrices, the same for every trial.
        training: How models are trained.
        shares: Of the training rows, in place of steps, for an estimator that has none.
    """

    study: Study
    metric: str
    prepared: Prepared
    training: TrainingOptions
    shares: tuple[float, ...]


def study_key(
    prepared: Prepared,
    training: TrainingOptions,
    options: TuningOptions,
    task: Task,
    seed: int,
    halving: Halving | None = None,
) -> str:
    """Hash everything a trial's outcome depends on (SHA-256, hex).

    That is the data as the estimator reads them, weights included, space, method, metric and seed,
    the estimator with its configured hyperparameters and early stopping, and the code that fits it.
    The number of trials, of workers and of threads is not part of it, nor what is only recorded.
    """
    estimator = training.estimator
    configured = training.model_dump(mode="json")["estimators"][estimator]
    space = options.space(training)
    return fingerprint(
        {
            "data": data_hash(prepared),
            "space": {name: varied.model_dump(mode="json") for name, varied in space.items()},
            "backend": options.backend,
            # whether W&B's server chooses the trials
            "online": options.backend == "wandb" and options.wandb.mode == "online",
            "method": options.method,
            "batch": options.batch,
            "halving": None if halving is None else [*halving.rungs, halving.reduction_factor],
            "metric": options.metric_of(task),
            "seed": seed,
            "estimator": estimator,
            "configured": configured,
            "early_stopping": training.early_stopping.model_dump(mode="json"),
            "code": code_versions(estimator, configured),
        }
    )


def plan_search(
    prepared: Prepared, training: TrainingOptions, options: TuningOptions, task: Task, seed: int
) -> SearchPlan:
    """Turn options into a study and what its trials are made of."""
    configured = training.hyperparameters(training.estimator)
    space = options.space(training)
    halving, shares = _halving(training, options)
    measured_by = options.metric_of(task)
    study = Study(
        key=study_key(prepared, training, options, task, seed, halving),
        method=options.method,  # type: ignore[arg-type]  # none was dealt with
        space=space,
        trials=options.trials,
        greater_is_better=metric(measured_by).greater_is_better,
        seed=seed,
        seconds=options.seconds,
        workers=options.workers,
        batch=options.batch,
        first=defaults_of(space, configured),
        halving=halving,
        metric=measured_by,
    )
    return SearchPlan(study, measured_by, prepared, training, shares)


def _halving(
    training: TrainingOptions, options: TuningOptions
) -> tuple[Halving | None, tuple[float, ...]]:
    """Find when trials are stopped early, and the shares of rows that stand for steps, if any."""
    if options.method != "hyperband":
        return None, (1.0,)
    factor = options.hyperband.reduction_factor
    most = recipe(training.estimator).steps(check_hyperparameters(training.estimator, {}, training))
    if most is None:
        shares = shares_of_rows(factor)
        return Halving(tuple(range(1, len(shares))), factor), shares
    return Halving(rungs_of(most, options.hyperband.min_resource, factor), factor), (1.0,)
