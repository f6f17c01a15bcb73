"""Train one model: prepare the data once, fit, assemble the pipeline."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

import pandas as pd
from pydantic import ValidationError
from sklearn.pipeline import Pipeline

from experiment_cycle.columns import Columns
from experiment_cycle.errors import BackendError, ConfigurationError, near_misses
from experiment_cycle.training.estimators.contract import Fitted, OnRound, Recipe
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.prepared import Prepared, prepare_data
from experiment_cycle.training.progress import progress_bar
from experiment_cycle.training.records import Resources, TrainingHistory
from experiment_cycle.training.resources import ResourceMeter

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trained:
    """A fitted pipeline that takes raw feature frames, how it got there and what it cost."""

    model: Pipeline
    history: TrainingHistory
    resources: Resources


def train_model(
    estimator: str,
    hyperparameters: dict[str, Any],
    train: pd.DataFrame,
    validation: pd.DataFrame,
    columns: Columns,
    options: TrainingOptions,
    seed: int,
) -> Trained:
    """Fit preprocessing and estimator on the training rows.

    Args:
        estimator: `lightgbm` or `linear`.
        hyperparameters: Of that estimator; what is not named is as configured.
        train: Training rows, as cut from the dataset.
        validation: Validation rows; they decide when boosting stops, nothing else.
        columns: The roles of the columns.
        options: How to train.
        seed: From which every random choice flows.

    Returns:
        A pipeline of the steps `preprocess` and `estimator`, whose classes are 0 and 1.

    Raises:
        ConfigurationError: a hyperparameter is unknown or out of range.
        DataError: the tables cannot be learned from.
        BackendError: LightGBM cannot be loaded.
    """
    with ResourceMeter() as meter:
        checked = check_hyperparameters(estimator, hyperparameters, options)
        prepared = prepare(estimator, train, validation, columns)
        rounds = checked.get("n_estimators")
        if rounds is None:
            fitted = fit(estimator, prepared, checked, options, seed)
        else:
            label = f"{estimator}, {options.early_stopping.metric}"
            with progress_bar(label, rounds) as advance:
                fitted = fit(estimator, prepared, checked, options, seed, on_round=advance)
    if fitted.warning:
        logger.warning("%s: %s", estimator, fitted.warning)
    return Trained(
        model=Pipeline([("preprocess", prepared.preprocess), ("estimator", fitted.estimator)]),
        history=fitted.history,
        resources=Resources(
            wall_seconds=meter.wall_seconds,
            cpu_seconds=meter.cpu_seconds,
            peak_memory_mib=meter.peak_memory_mib,
            train_rows=len(train),
            validation_rows=len(validation),
        ),
    )


def prepare(
    estimator: str, train: pd.DataFrame, validation: pd.DataFrame, columns: Columns
) -> Prepared:
    """Make the matrices an estimator is fitted on; the same ones serve every trial of a study."""
    return prepare_data(_recipe(estimator).make_preprocess, train, validation, columns)


def fit(
    estimator: str,
    prepared: Prepared,
    hyperparameters: dict[str, Any],
    options: TrainingOptions,
    seed: int,
    on_round: OnRound | None = None,
    watch_train: bool = True,
) -> Fitted:
    """Fit an estimator on prepared matrices; see `Recipe.fit` for the arguments."""
    return _recipe(estimator).fit(prepared, hyperparameters, options, seed, on_round, watch_train)


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
            f"{item['loc'][0]}: {item['msg']}, given {item['input']!r}" for item in error.errors()
        )
        raise ConfigurationError(f"Hyperparameters of '{estimator}': {problems}.") from error
    return cast(dict[str, Any], checked.model_dump())


def _recipe(estimator: str) -> Recipe:
    try:
        module = import_module(f"experiment_cycle.training.estimators.{estimator}")
    except OSError as error:
        raise BackendError(
            f"The library of the estimator '{estimator}' cannot be loaded: {error}. LightGBM needs "
            "the OpenMP runtime of the system. Next step: `apt-get install libgomp1` on Debian "
            "and Ubuntu, `brew install libomp` on macOS."
        ) from error
    return cast(Recipe, module)
