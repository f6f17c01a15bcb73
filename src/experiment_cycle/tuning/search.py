"""Search for the challenger's hyperparameters on train and validation."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from experiment_cycle.backends import load_backend
from experiment_cycle.columns import Columns
from experiment_cycle.errors import ConfigurationError
from experiment_cycle.metrics.catalogue import check_metric
from experiment_cycle.problem import Task
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.progress import Advance, progress_bar
from experiment_cycle.training.trainer import prepare
from experiment_cycle.tuning.checking import check_tuning
from experiment_cycle.tuning.contract import Objective, Searched, Study, Trial, Tuner
from experiment_cycle.tuning.findings import judge_search, units_of
from experiment_cycle.tuning.objective import FitAndMeasure
from experiment_cycle.tuning.options import TuningOptions
from experiment_cycle.tuning.planning import SearchPlan, plan_search
from experiment_cycle.tuning.records import SearchRecord
from experiment_cycle.tuning.spaces import with_parameters
from experiment_cycle.tuning.trials import best_trial, curves_table, trials_table
from experiment_cycle.tuning.undefined import UndefinedMetric

logger = logging.getLogger(__name__)


class Found(NamedTuple):
    """What a search has found.

    Attributes:
        trials: One row a trial, sorted by number: `FIXED_COLUMNS`, then the hyperparameters.
        hyperparameters: All of the estimator, the best trial's in place of the configured ones.
        curves: The metric by trial and step.
        record: What was asked, where it stopped, and how far the best trial is to be trusted.
    """

    trials: pd.DataFrame
    hyperparameters: dict[str, Any]
    curves: pd.DataFrame
    record: SearchRecord


def search(  # noqa: PLR0913, PLR0917 - what a fit depends on, and what a search does beside
    train: pd.DataFrame,
    validation: pd.DataFrame,
    columns: Columns,
    training: TrainingOptions,
    options: TuningOptions,
    task: Task,
    seed: int,
    storage_folder: Path,
    primary: str | None = None,
) -> Found:
    """Try hyperparameters of the challenger's estimator, and keep the best.

    Each trial is fitted on train and measured on validation, exactly as the final training does
    it, early stopping included. The first one is the configuration itself. A study that was stopped
    goes on where it stood.

    Args:
        train: Training rows.
        validation: Validation rows.
        columns: The roles of the columns.
        training: How models are trained, with the hyperparameters as configured.
        options: What to search, and how.
        task: What is learned.
        seed: From which every random choice flows.
        storage_folder: Where studies are kept.
        primary: A metric that a decision will go by, and that some trial must have.

    Raises:
        DataError: the trials do not have that metric.
        ConfigurationError: the search space does not fit the estimator, or every trial failed.
        BackendError: the tuner is unknown or not installed, or the study cannot be written.
        IntegrityError: a study that was kept is damaged.
    """
    check_tuning(options, training)
    configured = training.hyperparameters(training.estimator)
    if options.method == "none":
        names = list(options.space(training))
        measured_by = options.metric_of(task)
        record = SearchRecord.nothing(options.backend, training.estimator, measured_by)
        return Found(trials_table([], names), configured, curves_table([]), record)
    tuner_class = load_backend("tuners", options.backend)
    check_metric(options.metric_of(task), task)
    prepared = prepare(training.estimator, train, validation, columns, training, task, seed)
    plan = plan_search(prepared, training, options, task, seed)
    storage_folder.mkdir(parents=True, exist_ok=True)
    of_backend = () if options.of_backend is None else (options.of_backend,)
    undefined = UndefinedMetric(
        primary, prepared, storage_folder / plan.study.key, plan.study.trials
    )
    searched, earlier = _run(tuner_class(storage_folder, *of_backend), plan, undefined)
    best = best_trial(searched.trials, plan.study.greater_is_better)
    if best is None:
        raise _nothing_worked(searched, plan.study, storage_folder)
    undefined.check(best.number)
    asked = {
        "backend": options.backend,
        "estimator": training.estimator,
        "derived": options.is_derived(training.estimator),
        "earlier": earlier,
    }
    units = units_of(validation, columns, task)
    record = judge_search(plan, searched, best, units, storage_folder / plan.study.key, asked=asked)
    for warning in record.warnings:
        logger.warning("%s", warning)
    return Found(
        trials_table(searched.trials, list(plan.study.space)),
        with_parameters(configured, best.parameters),
        curves_table(searched.trials),
        record,
    )


def _run(tuner: Tuner, plan: SearchPlan, undefined: UndefinedMetric) -> tuple[Searched, int]:
    """Run the trials; tell how many of them there were before, too."""
    study = plan.study
    earlier = tuner.finished(study)
    if earlier:
        logger.info(
            "Search %s: %d of %d trials are there from an earlier run.",
            *(study.key[:12], len(earlier), study.trials),
        )
    else:
        logger.info(
            "Search %s is new: no trial is kept for these data, settings and seed.", study.key[:12]
        )
    with progress_bar(f"search, {plan.metric}", study.trials, done=len(earlier)) as advance:
        on_trial = _telling(study, earlier, advance, undefined)
        try:
            searched = tuner.run(study, _objective(plan), on_trial)
        except KeyboardInterrupt:
            logger.warning(
                "Search %s was stopped: %d of %d trials are kept, and the same command goes on "
                "with them.",
                *(study.key[:12], len(tuner.finished(study)), study.trials),
            )
            raise
    logger.info("Search %s: %s", study.key[:12], searched.stopped_because)
    return searched, len(earlier)


def _objective(plan: SearchPlan) -> Objective:
    return FitAndMeasure(
        *(plan.prepared, plan.training, plan.metric, plan.study.seed),
        shares=plan.shares,
        # several fits at once have the cores to themselves already
        threads=plan.training.threads if plan.study.workers == 1 else 1,
    )


def _telling(
    study: Study, earlier: Sequence[Trial], advance: Advance, undefined: UndefinedMetric
) -> Callable[[Trial], None]:
    """Make what is told of each new trial: it moves the bar, and warns of failures."""
    pick = max if study.greater_is_better else min
    values = [
        trial.value for trial in earlier if trial.state == "complete" and trial.value is not None
    ]

    def on_trial(trial: Trial) -> None:
        if trial.value is None:
            logger.warning(
                "Trial %d failed with %s: %s", trial.number, trial.parameters, trial.reason
            )
        elif trial.state == "complete":
            values.append(trial.value)
        advance(trial.value, pick(values) if values else None)
        undefined.look(trial)

    return on_trial


def _nothing_worked(searched: Searched, study: Study, folder: Path) -> ConfigurationError:
    failed = [trial for trial in searched.trials if trial.state == "failed"]
    first = failed[0] if failed else searched.trials[0]
    by = f" ({study.metric})" if str(first.reason).startswith("the metric is") else ""
    return ConfigurationError(
        f"All {len(searched.trials)} trials failed. The first one: {first.reason}{by}. Its "
        f"hyperparameters: {first.parameters}. Next step: mend the cause, delete the study "
        f"{study.key[:12]}… in {folder}, and run again."
    )
