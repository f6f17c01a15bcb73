"""One logical run: a model trained once for each seed, and all that is chosen on validation."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from experiment_cycle.live_metrics import telling
from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.problem import Problem
from experiment_cycle.training.calibration import calibrate, carry_over
from experiment_cycle.training.checkpoints import clear_checkpoints
from experiment_cycle.training.choices import check_choices
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.plan import Plan
from experiment_cycle.training.records import (
    Resources,
    ThresholdRecord,
    TrainingHistory,
    ValidationReport,
)
from experiment_cycle.training.refit import refit
from experiment_cycle.training.threshold import choose_threshold
from experiment_cycle.training.trainer import Trained, check_hyperparameters, train_model
from experiment_cycle.training.validation import predict_part, report_validation

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class LogicalRun:
    """What came of a plan; history and resources are of the first training."""

    models: tuple[Pipeline, ...]
    """Of the first seed, then of the further ones."""
    hyperparameters: dict[str, Any]
    """Every one of them, as it was used."""
    problem: Problem
    history: TrainingHistory
    resources: Resources
    threshold: ThresholdRecord | None
    report: ValidationReport
    refit_rows: int | None


def run_plan(plan: Plan) -> LogicalRun:
    """Train, calibrate, choose the threshold, measure on validation, and refit where asked for.

    In this order, and each on validation: when learning stops, the calibration, the threshold of
    the first model, which holds for all seeds. A refit comes last: it takes the number of steps,
    the calibration and the threshold over, and learns from train and validation.

    Raises:
        ConfigurationError: options fit neither each other nor the problem.
        DataError: the tables cannot be learned from.
        TrainingError: a fit cannot go on.
    """
    options = plan.options
    target = plan.train[plan.columns.target]
    check_choices(options, [Problem.of(plan.task, target, plan.columns).type])
    trained = [_train(plan, place) for place in range(1, plan.seeds + 1)]
    problem = trained[0].problem
    models = [_calibrate(plan, each) for each in trained]
    outcomes = [
        predict_part(model, plan.validation, problem, plan.columns, "validation")
        for model in models
    ]
    _warn_if_alike(plan, outcomes)
    binary = problem.type == "binary"
    threshold = choose_threshold(outcomes[0], options.threshold) if binary else None
    watched = [trained[0].history.metric, *(options.metrics or ())]
    report = report_validation(outcomes, problem, threshold, watched, _note(trained[0], options))
    refits = options.refit == "train_and_validation"
    return LogicalRun(
        models=tuple(_refit(plan, trained, models) if refits else models),
        hyperparameters=check_hyperparameters(plan.estimator, plan.hyperparameters, options),
        problem=problem,
        history=trained[0].history,
        resources=trained[0].resources,
        threshold=threshold,
        report=report,
        refit_rows=len(plan.train) + len(plan.validation) if refits else None,
    )


def clear_run(folder: Path) -> None:
    """Remove the checkpoints of a plan, once its models are stored."""
    for place in sorted(folder.glob("seed_*")):
        clear_checkpoints(place)


def _refit(plan: Plan, trained: list[Trained], models: list[Pipeline]) -> list[Pipeline]:
    """Train every model again on both parts, and put its calibration on it."""
    return [
        carry_over(model, refit(plan, place, each.history.best_step))
        for place, (each, model) in enumerate(zip(trained, models, strict=True), start=1)
    ]


def _warn_if_alike(plan: Plan, trained: list[Outcomes]) -> None:
    first, *others = trained
    if others and all(np.array_equal(first.prediction, each.prediction) for each in others):
        logger.warning(
            "training.seeds is %d, but every training predicts the same: %s draws nothing at "
            "random with these hyperparameters. Next step: set training.seeds to 1, or let it draw "
            "rows or inputs (subsample, colsample_bytree, max_features).",
            plan.seeds,
            plan.estimator,
        )


def _note(trained: Trained, options: TrainingOptions) -> str:
    """Say what else the validation rows were used for."""
    uses = []
    if trained.history.best_step is not None:
        uses.append(f"which {trained.history.unit} is kept")
    if options.calibration != "none":
        uses.append("the calibration")
    if options.threshold.choose_by != "fixed":
        uses.append("the threshold")
    note = ""
    if uses:
        told = " and ".join([", ".join(uses[:-1]), uses[-1]] if uses[1:] else uses)
        note = f"The same rows decided {told}, so that these values flatter the model. "
    if options.refit != "none":
        note += "They are of the model before it was trained again on train and validation. "
    return note.rstrip()


def _train(plan: Plan, place: int) -> Trained:
    folder = plan.checkpoints_folder
    if plan.seeds > 1:
        logger.info("%s: training %d of %d seeds.", plan.estimator, place, plan.seeds)
    with telling() if plan.live and place == 1 else nullcontext():
        return train_model(
            *(plan.estimator, plan.hyperparameters, plan.train, plan.validation, plan.columns),
            *(plan.options, plan.task, plan.seed_at(place)),
            # a fit clears the place it is given of what others left there
            checkpoints_folder=None if folder is None else folder / f"seed_{place}",
        )


def _calibrate(plan: Plan, trained: Trained) -> Pipeline:
    method = plan.options.calibration
    if method == "none":
        return trained.model
    problem, validation = trained.problem, plan.validation
    return calibrate(
        trained.model,
        validation[plan.columns.features(validation.columns)],
        problem.encode(validation[plan.columns.target], "validation"),
        method,
        problem.classes,
    )
