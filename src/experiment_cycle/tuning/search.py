"""Search for the challenger's hyperparameters on train and validation."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiment_cycle.backends import load_backend
from experiment_cycle.columns import Columns
from experiment_cycle.errors import ConfigurationError
from experiment_cycle.metrics.catalogue import check_metric, measure, metric
from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.options import fingerprint
from experiment_cycle.problem import Task
from experiment_cycle.training.fit_key import code_versions, data_hash
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.predicting import outputs_of
from experiment_cycle.training.prepared import Prepared
from experiment_cycle.training.progress import progress_bar
from experiment_cycle.training.trainer import check_hyperparameters, fit, prepare
from experiment_cycle.tuning.contract import Objective, Study, Trial, Tuner
from experiment_cycle.tuning.options import TuningOptions, check_tuning

logger = logging.getLogger(__name__)

FIXED_COLUMNS = ("trial", "state", "value", "duration_seconds")


def search(
    train: pd.DataFrame,
    validation: pd.DataFrame,
    columns: Columns,
    training: TrainingOptions,
    options: TuningOptions,
    task: Task,
    seed: int,
    storage_folder: Path,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Try hyperparameters of the challenger's estimator, and keep the best.

    Each trial is fitted on train and measured on validation, exactly as the final training does
    it, early stopping included. A study that was stopped goes on where it stood.

    Args:
        train: Training rows.
        validation: Validation rows.
        columns: The roles of the columns.
        training: How models are trained, with the hyperparameters as configured.
        options: What to search, and how.
        task: What is learned.
        seed: From which every random choice flows.
        storage_folder: Where studies are kept.

    Returns:
        The trials, one row each, sorted by number (columns trial, state, value, duration_seconds,
        then one for each hyperparameter searched); and all hyperparameters of the estimator, the
        configured ones with the best trial's in their place. Without a search, no rows, and the
        hyperparameters as configured.

    Raises:
        ConfigurationError: the search space does not fit the estimator, or every trial failed.
        BackendError: the tuner is unknown or not installed.
    """
    check_tuning(options, training)
    configured = training.hyperparameters(training.estimator)
    space = options.space(training.estimator)
    if options.method == "none":
        return trials_table([], list(space)), configured
    tuner_class = load_backend("tuners", options.backend)
    measured_by = options.metric_of(task)
    check_metric(measured_by, task)
    prepared = prepare(training.estimator, train, validation, columns, training, task, seed)
    study = Study(
        key=study_key(prepared, training, options, task, seed),
        method=options.method,
        space=space,
        trials=options.trials,
        greater_is_better=metric(measured_by).greater_is_better,
        seed=seed,
    )
    storage_folder.mkdir(parents=True, exist_ok=True)
    trials = _run(
        tuner_class(storage_folder),
        study,
        _objective(prepared, training, measured_by, seed),
        measured_by,
    )
    best = _best(trials, study.greater_is_better)
    if best is None:
        raise ConfigurationError(
            f"All {len(trials)} trials failed. The first one: {trials[0].cause}. Its "
            f"hyperparameters: {trials[0].parameters}. Next step: mend the cause, delete the study "
            f"{study.key[:12]}… in {storage_folder}, and run again."
        )
    return trials_table(trials, list(space)), configured | best.parameters


def study_key(
    prepared: Prepared, training: TrainingOptions, options: TuningOptions, task: Task, seed: int
) -> str:
    """Hash everything a trial's outcome depends on (SHA-256, hex).

    That is the data as the estimator reads them, weights included, space, method, metric and seed,
    the estimator with its configured hyperparameters and early stopping, and the code that fits it.
    The number of trials and of threads is not part of it, nor what is only recorded.
    """
    estimator = training.estimator
    space = options.space(estimator)
    configured = training.model_dump(mode="json")["estimators"][estimator]
    return fingerprint(
        {
            "data": data_hash(prepared),
            "space": {name: varied.model_dump(mode="json") for name, varied in space.items()},
            "method": options.method,
            "metric": options.metric_of(task),
            "seed": seed,
            "estimator": estimator,
            "fixed": {name: configured[name] for name in configured if name not in space},
            "early_stopping": training.early_stopping.model_dump(mode="json"),
            "code": code_versions(estimator, configured),
        }
    )


def trials_table(trials: list[Trial], parameters: list[str]) -> pd.DataFrame:
    """Make the table of trials; without trials it has its columns and no rows."""
    rows = [
        {
            "trial": trial.number,
            "state": "failed" if trial.value is None else "complete",
            "value": np.nan if trial.value is None else trial.value,
            "duration_seconds": trial.duration_seconds,
            **trial.parameters,
        }
        for trial in sorted(trials, key=lambda trial: trial.number)
    ]
    return pd.DataFrame(rows, columns=[*FIXED_COLUMNS, *parameters])


def _run(tuner: Tuner, study: Study, objective: Objective, metric_name: str) -> list[Trial]:
    earlier = tuner.finished(study)
    if earlier:
        logger.info(
            "Search %s: %d of %d trials are there from an earlier run.",
            study.key[:12],
            len(earlier),
            study.trials,
        )
    else:
        logger.info(
            "Search %s is new: no trial is kept for these data, settings and seed.", study.key[:12]
        )
    values = [trial.value for trial in earlier if trial.value is not None]
    pick = max if study.greater_is_better else min
    with progress_bar(f"search, {metric_name}", study.trials, done=len(earlier)) as advance:

        def on_trial(trial: Trial) -> None:
            if trial.value is None:
                logger.warning(
                    "Trial %d failed with %s: %s", trial.number, trial.parameters, trial.cause
                )
            else:
                values.append(trial.value)
            advance(trial.value, pick(values) if values else None)

        return tuner.run(study, objective, on_trial)


def _objective(
    prepared: Prepared, training: TrainingOptions, metric_name: str, seed: int
) -> Objective:
    estimator = training.estimator
    # what is only recorded would cost time in every step
    watched = training.model_copy(update={"metrics": ()})
    warned: set[str] = set()

    def objective(parameters: dict[str, Any]) -> float:
        checked = check_hyperparameters(estimator, parameters, training)
        fitted, _ = fit(estimator, prepared, checked, watched, seed, watch_train=False)
        if fitted.warning and not warned:
            warned.add(fitted.warning)
            logger.warning("At least one trial: %s", fitted.warning)
        kind = prepared.problem.type
        predicted = outputs_of(fitted.estimator, prepared.validation, kind)
        query = prepared.validation_query
        return measure(metric_name, Outcomes(kind, prepared.validation_target, predicted, query))

    return objective


def _best(trials: list[Trial], greater_is_better: bool) -> Trial | None:
    """Find the best trial, the earliest of equals; None if all failed."""
    sign = -1.0 if greater_is_better else 1.0
    ranked = [
        (sign * trial.value, trial.number, trial) for trial in trials if trial.value is not None
    ]
    return min(ranked)[2] if ranked else None
