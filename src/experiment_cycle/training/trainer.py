"""Train one model: prepare the data once, fit, assemble the pipeline."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import pandas as pd
from pydantic import ValidationError
from sklearn.pipeline import Pipeline

from experiment_cycle.backends import DISTRIBUTION
from experiment_cycle.columns import Columns
from experiment_cycle.errors import BackendError, ConfigurationError, near_misses
from experiment_cycle.problem import Problem, Task
from experiment_cycle.training.checkpoints import CheckpointFolder
from experiment_cycle.training.estimators.contract import FitRequest, Fitted, Recipe
from experiment_cycle.training.fit_key import fit_key
from experiment_cycle.training.interruption import finishing_the_step
from experiment_cycle.training.memory import explaining_lack_of_memory, give_back_unused
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.preparation import prepare_data
from experiment_cycle.training.prepared import Prepared
from experiment_cycle.training.progress import progress_bar
from experiment_cycle.training.records import Resources, TrainingHistory
from experiment_cycle.training.resources import ResourceMeter
from experiment_cycle.training.steps import LOSSES, TRACKED, Judge, OnStep, StepWatch

logger = logging.getLogger(__name__)

EXTRAS = {"xgboost": "xgboost", "torch": "torch", "skorch": "torch"}
"""Which extra of this package brings a module that an estimator needs."""


@dataclass(frozen=True)
class Trained:
    """A fitted pipeline that takes raw feature frames, how it got there and what it cost.

    The pipeline has the steps `preprocess` and `estimator`. Classification: `predict_proba` of the
    codes of `problem.classes`, 0 and up. Else: `predict`.
    """

    model: Pipeline
    problem: Problem
    history: TrainingHistory
    resources: Resources
    warning: str | None = None


def train_model(  # noqa: PLR0913, PLR0917
    estimator: str,
    hyperparameters: dict[str, Any],
    train: pd.DataFrame,
    validation: pd.DataFrame,
    columns: Columns,
    options: TrainingOptions,
    task: Task,
    seed: int,
    checkpoints_folder: Path | None = None,
) -> Trained:
    """Fit preprocessing and estimator on the training rows.

    With a folder for checkpoints, a fit that an earlier process began and did not finish goes on
    where it stood, and ends with the same curves and the same model. They are left there at the
    end, because the model is not stored yet: call `clear_checkpoints` once it is.

    Args:
        estimator: Its name; a module of `training.estimators`.
        hyperparameters: Of that estimator; what is not named is as configured.
        train: Training rows, as cut from the dataset.
        validation: Validation rows; they decide when learning stops, nothing else.
        columns: The roles of the columns.
        options: How to train.
        task: What is learned.
        seed: From which every random choice flows.
        checkpoints_folder: Of this model alone; what other fits left in it is removed.

    Raises:
        ConfigurationError: a hyperparameter is unknown or out of range, or the estimator does not
            solve this problem.
        DataError: the tables cannot be learned from.
        BackendError: the estimator's library cannot be loaded.
        TrainingError: the fit diverged, or there is no memory or disk left.
    """
    give_back_unused()
    with ResourceMeter() as meter:
        checked = check_hyperparameters(estimator, hyperparameters, options)
        with explaining_lack_of_memory(len(train), len(train.columns)):
            prepared = prepare(estimator, train, validation, columns, options, task, seed)
        checkpoints = _checkpoints(checkpoints_folder, estimator, prepared, checked, options, seed)
        limit = recipe(estimator).steps(checked)
        if limit is None:
            fitted, history = fit(estimator, prepared, checked, options, seed)
        else:
            watched = options.early_stopping.metric or LOSSES[prepared.problem.type]
            done = (checkpoints.kept() if checkpoints else None) or 0
            if done:
                logger.info("%s goes on after step %d, from a checkpoint.", estimator, done)
            with progress_bar(f"{estimator}, {watched}", limit, done=done) as advance:
                fitted, history = fit(
                    *(estimator, prepared, checked, options, seed),
                    on_step=advance,
                    checkpoints=checkpoints,
                )
    if fitted.warning:
        logger.warning("%s: %s", estimator, fitted.warning)
    return Trained(
        model=Pipeline([("preprocess", prepared.preprocess), ("estimator", fitted.estimator)]),
        problem=prepared.problem,
        history=history,
        resources=meter.resources(train_rows=len(train), validation_rows=len(validation)),
        warning=fitted.warning,
    )


def prepare(
    estimator: str,
    train: pd.DataFrame,
    validation: pd.DataFrame,
    columns: Columns,
    options: TrainingOptions,
    task: Task,
    seed: int = 0,
) -> Prepared:
    """Make the matrices an estimator is fitted on; the same ones serve every trial of a study.

    `seed` is for what the preprocessing draws.

    Raises:
        ConfigurationError: the estimator does not solve this problem.
        DataError: the tables cannot be learned from.
    """
    chosen = recipe(estimator)
    prepared = prepare_data(
        *(chosen.WANTS, train, validation, columns),
        *(options.preprocessing, task, options.class_weight, seed),
    )
    if prepared.problem.type not in chosen.PROBLEMS:
        raise ConfigurationError(
            f"The estimator '{estimator}' does not solve {prepared.problem.type} problems; it "
            f"solves: {', '.join(sorted(chosen.PROBLEMS))}. Next step: set training.estimator, or "
            "training.baseline, to another one."
        )
    return prepared


def fit(  # noqa: PLR0913
    estimator: str,
    prepared: Prepared,
    hyperparameters: dict[str, Any],
    options: TrainingOptions,
    seed: int,
    *,
    on_step: OnStep | None = None,
    watch_train: bool = True,
    judge: Judge | None = None,
    checkpoints: CheckpointFolder | None = None,
) -> tuple[Fitted, TrainingHistory]:
    """Fit an estimator on prepared matrices.

    Args:
        estimator: Its name.
        prepared: The matrices, as `prepare` made them for this estimator.
        hyperparameters: As `check_hyperparameters` returns them.
        options: Early stopping, tracked metrics, threads.
        seed: From which every random choice flows.
        on_step: Told of every step.
        watch_train: Also measure the training rows.
        judge: May stop a fit that is not promising, in a search.
        checkpoints: Where to go on from, and where states are kept.

    Raises:
        KeyboardInterrupt: the user asked to stop; a checkpoint was written first.
        TrainingError: the fit diverged, or there is no memory or disk left.
    """
    chosen = recipe(estimator)
    tracked = options.metrics
    if tracked is None:
        tracked = (TRACKED[prepared.problem.type],)
    watch = StepWatch(
        *(prepared, tracked, options.early_stopping, chosen.steps(hyperparameters)),
        watch_train=watch_train,
        on_step=on_step,
        judge=judge,
        checkpoints=checkpoints,
    )
    request = FitRequest(prepared, hyperparameters, seed, options.threads, watch)
    with finishing_the_step(checkpoints), explaining_lack_of_memory(*prepared.train.shape):
        fitted = chosen.fit(request)
    return fitted, watch.history(estimator, chosen.UNIT, fitted.stopped_because)


def check_hyperparameters(
    estimator: str, hyperparameters: dict[str, Any], options: TrainingOptions
) -> dict[str, Any]:
    """Complete hyperparameters with the configured ones, and check each.

    Raises:
        ConfigurationError: one is unknown or out of range; the message names all of them.
    """
    configured = options.hyperparameters(estimator)
    model = type(getattr(options.estimators, estimator))
    for name in hyperparameters:
        if name not in configured:
            raise ConfigurationError(
                f"The estimator '{estimator}' has no hyperparameter '{name}'. "
                f"{near_misses(name, configured)} If it was found for another estimator: tune "
                "again with `kedro run --pipelines=tuning,training`."
            )
    try:
        checked = model.model_validate(configured | hyperparameters)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, item['loc']))}: {item['msg']}, given {item['input']!r}"
            for item in error.errors()
        )
        raise ConfigurationError(f"Hyperparameters of '{estimator}': {problems}.") from error
    return cast(dict[str, Any], checked.model_dump())


def recipe(estimator: str) -> Recipe:
    """Load how one kind of estimator is made.

    Raises:
        BackendError: its library is not installed, or cannot be loaded.
    """
    try:
        module = import_module(f"experiment_cycle.training.estimators.{estimator}")
    except ModuleNotFoundError as error:
        extra = EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        raise BackendError(
            f"The estimator '{estimator}' needs the module '{error.name}', which is not installed. "
            f'Next step: pip install "{DISTRIBUTION}[{extra}]"'
        ) from error
    except OSError as error:
        raise BackendError(
            f"The library of the estimator '{estimator}' cannot be loaded: {error}. LightGBM needs "
            "the OpenMP runtime of the system. Next step: `apt-get install libgomp1` on Debian "
            "and Ubuntu, `brew install libomp` on macOS."
        ) from error
    return cast(Recipe, module)


def _checkpoints(
    folder: Path | None,
    estimator: str,
    prepared: Prepared,
    hyperparameters: dict[str, Any],
    options: TrainingOptions,
    seed: int,
) -> CheckpointFolder | None:
    every = options.checkpoints.every
    if folder is None or every is None or recipe(estimator).steps(hyperparameters) is None:
        return None
    key = fit_key(estimator, prepared, hyperparameters, options, seed)
    checkpoints = CheckpointFolder(folder, key, every)
    checkpoints.remove_others()
    return checkpoints
