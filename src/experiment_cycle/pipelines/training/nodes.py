"""Nodes of the stage training."""

from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from sklearn.pipeline import Pipeline

from experiment_cycle.columns import Columns
from experiment_cycle.row_keys import row_keys
from experiment_cycle.training.environment import code_state, describe_environment
from experiment_cycle.training.identity import describe_model
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.plots import plot_loss
from experiment_cycle.training.trainer import train_model


def train_challenger(
    train: pd.DataFrame,
    validation: pd.DataFrame,
    best_hyperparameters: dict[str, Any],
    columns: Columns,
    options: TrainingOptions,
    seed: int,
) -> tuple[Pipeline, dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Train the model that the hypothesis speaks of."""
    trained = train_model(
        options.estimator, best_hyperparameters, train, validation, columns, options, seed
    )
    record = describe_model(trained.model, options.estimator, best_hyperparameters)
    return (
        trained.model,
        record.model_dump(mode="json"),
        trained.history.model_dump(mode="json"),
        trained.resources.model_dump(mode="json"),
    )


def train_baseline(
    train: pd.DataFrame,
    validation: pd.DataFrame,
    columns: Columns,
    options: TrainingOptions,
    seed: int,
) -> tuple[Pipeline, dict[str, Any]]:
    """Train the simple model that stands in for a missing champion, as configured."""
    hyperparameters = options.hyperparameters(options.baseline)
    trained = train_model(
        options.baseline, hyperparameters, train, validation, columns, options, seed
    )
    return trained.model, trained.resources.model_dump(mode="json")


def list_seen_rows(train: pd.DataFrame, validation: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """List every row that influenced the challenger or the baseline."""
    return row_keys(pd.concat([train, validation]), columns)


def draw_loss(training_history: dict[str, Any]) -> go.Figure:
    """Draw the loss by boosting round on train and validation."""
    return plot_loss(training_history)


def record_environment(project_folder: Path) -> tuple[dict[str, Any], str]:
    """Record machine, packages and code, with the uncommitted diff as text of its own."""
    code = code_state(project_folder)
    return describe_environment(project_folder, code).model_dump(mode="json"), code.diff
