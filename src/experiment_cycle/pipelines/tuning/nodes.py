"""Nodes of the stage tuning."""

from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from experiment_cycle.columns import Columns
from experiment_cycle.problem import Task
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.tuning.options import TuningOptions
from experiment_cycle.tuning.plots import plot_trials
from experiment_cycle.tuning.search import search


def tune_hyperparameters(
    train: pd.DataFrame,
    validation: pd.DataFrame,
    columns: Columns,
    training: TrainingOptions,
    options: TuningOptions,
    task: Task,
    seed: int,
    tuning_storage: Path,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Search for the challenger's hyperparameters; the study resumes where it was stopped."""
    return search(train, validation, columns, training, options, task, seed, tuning_storage)


def draw_trials(trials: pd.DataFrame, options: TuningOptions, task: Task) -> go.Figure:
    """Draw the value of each trial and the best one so far."""
    return plot_trials(trials, options.metric_of(task))
