"""Nodes of the stage training."""

from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from sklearn.pipeline import Pipeline

from experiment_cycle.columns import Columns
from experiment_cycle.problem import Task
from experiment_cycle.reproducing.retraining import retrain
from experiment_cycle.splitting.timed_keys import timed_keys
from experiment_cycle.training.environment import code_state, describe_environment
from experiment_cycle.training.known_features import describe_known
from experiment_cycle.training.learning_curve import trace_learning_curve
from experiment_cycle.training.learning_curve_plot import plot_learning_curve
from experiment_cycle.training.logical_run import clear_run, run_plan
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.plan import Plan
from experiment_cycle.training.plots import plot_loss
from experiment_cycle.training.records import LearningCurvePoint
from experiment_cycle.training.saved_model import SavedModel, try_saved_model
from experiment_cycle.training.signature import describe_signature, input_example
from experiment_cycle.training.stored_fit import TRIED, StoredFit


def train_challenger(
    train: pd.DataFrame,
    validation: pd.DataFrame,
    best_hyperparameters: dict[str, Any],
    columns: Columns,
    options: TrainingOptions,
    task: Task,
    seed: int,
    checkpoints_folder: Path,
) -> tuple[Pipeline, list[Pipeline], dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Train the model that the hypothesis speaks of, once for each seed."""
    plan = Plan(
        *(options.estimator, best_hyperparameters, train, validation, columns, options),
        *(task, seed, options.seeds, checkpoints_folder / "challenger"),
        live=True,
    )
    run = run_plan(plan)
    challenger, *seed_models = run.models
    return (
        challenger,
        seed_models,
        StoredFit.of(plan, run).model_dump(mode="json"),
        run.history.model_dump(mode="json"),
        run.report.model_dump(mode="json"),
    )


def retrain_challenger(
    challenger: Pipeline,
    challenger_fit: dict[str, Any],
    train: pd.DataFrame,
    validation: pd.DataFrame,
    best_hyperparameters: dict[str, Any],
    columns: Columns,
    options: TrainingOptions,
    task: Task,
    seed: int,
    reproduce: str,
) -> dict[str, Any]:
    """Train the challenger again in a fresh process, if that is asked for."""
    if reproduce != "retrain":
        return {}
    plan = Plan(
        *(options.estimator, best_hyperparameters, train, validation, columns, options),
        *(task, seed),
    )
    record = StoredFit.model_validate(challenger_fit).record
    return retrain(challenger, record, plan).model_dump(mode="json")


def try_challenger(
    challenger_fit: dict[str, Any],
    _retrained: dict[str, Any],  # not read: a training that fails must not cost a look
    challenger_file: Path,
    train: pd.DataFrame,
    validation: pd.DataFrame,
    columns: Columns,
    options: TrainingOptions,
    checkpoints_folder: Path,
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Let the saved model predict in a fresh process, and describe what it takes and gives."""
    fit = StoredFit.model_validate(challenger_fit)
    record, resources = fit.complete(SavedModel.of(challenger_file))
    features = columns.features(train.columns)
    rows = validation[features].head(TRIED)
    if options.check_saved_model:
        try_saved_model(
            *(challenger_file, rows, record.problem, fit.expected(), options.trusted_types)
        )
    clear_run(checkpoints_folder / "challenger")
    return (
        record.model_dump(mode="json"),
        resources.model_dump(mode="json"),
        describe_signature(train[features], record.problem),
        input_example(rows, fit.expected()),
    )


def train_baseline(
    train: pd.DataFrame,
    validation: pd.DataFrame,
    columns: Columns,
    options: TrainingOptions,
    task: Task,
    seed: int,
    checkpoints_folder: Path,
) -> tuple[Pipeline, dict[str, Any]]:
    """Train the simple model that stands in for a missing champion, as configured."""
    plan = Plan(
        *(options.baseline, options.hyperparameters(options.baseline), train, validation),
        *(columns, options, task, seed),
        checkpoints_folder=checkpoints_folder / "baseline",
    )
    run = run_plan(plan)
    return run.models[0], StoredFit.of(plan, run).model_dump(mode="json")


def record_baseline(
    baseline_fit: dict[str, Any], baseline_file: Path, checkpoints_folder: Path
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Complete what is known of the baseline with what its file tells."""
    fit = StoredFit.model_validate(baseline_fit)
    record, resources = fit.complete(SavedModel.of(baseline_file))
    clear_run(checkpoints_folder / "baseline")
    return record.model_dump(mode="json"), resources.model_dump(mode="json")


def list_seen_rows(train: pd.DataFrame, validation: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """List every row that influenced the challenger or the baseline."""
    return timed_keys(pd.concat([train, validation]), columns)


def describe_features(
    train: pd.DataFrame, validation: pd.DataFrame, columns: Columns, options: TrainingOptions
) -> dict[str, Any]:
    """Describe the columns of the rows that the challenger learned from, to check new rows by."""
    refits = options.refit == "train_and_validation"
    rows = pd.concat([train, validation]) if refits else train
    return describe_known(rows, columns).model_dump(mode="json")


def draw_loss(training_history: dict[str, Any]) -> go.Figure:
    """Draw the loss and the tracked metrics by step on train and validation."""
    return plot_loss(training_history)


def train_on_shares(
    train: pd.DataFrame,
    validation: pd.DataFrame,
    best_hyperparameters: dict[str, Any],
    columns: Columns,
    options: TrainingOptions,
    task: Task,
    seed: int,
) -> list[dict[str, Any]]:
    """Train the challenger on growing shares of the training rows, if asked for."""
    plan = Plan(
        *(options.estimator, best_hyperparameters, train, validation, columns, options),
        *(task, seed),
    )
    return [point.model_dump(mode="json") for point in trace_learning_curve(plan)]


def draw_learning_curve(
    learning_curve: list[dict[str, Any]], training_history: dict[str, Any]
) -> go.Figure:
    """Draw the loss by the number of training rows: would more data help?"""
    points = [LearningCurvePoint.model_validate(point) for point in learning_curve]
    return plot_learning_curve(points, training_history["loss"])


def record_environment(project_folder: Path) -> tuple[dict[str, Any], str]:
    """Record machine, packages and code, with the uncommitted diff as text of its own."""
    code = code_state(project_folder)
    return describe_environment(project_folder, code).model_dump(mode="json"), code.diff
