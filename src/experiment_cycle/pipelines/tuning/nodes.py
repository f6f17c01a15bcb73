"""Nodes of the stage tuning."""

from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from experiment_cycle.columns import Columns
from experiment_cycle.hypothesis import Hypothesis
from experiment_cycle.problem import Task
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.tuning.options import TuningOptions
from experiment_cycle.tuning.plots import (
    plot_curves,
    plot_history,
    plot_importance,
    plot_parallel,
    plot_slices,
)
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
    hypothesis: Hypothesis,
) -> tuple[pd.DataFrame, dict[str, Any], pd.DataFrame, dict[str, Any]]:
    """Search for the challenger's hyperparameters; the study resumes where it was stopped."""
    primary = hypothesis.success_criteria.primary.metric
    trials, hyperparameters, curves, record = search(
        train, validation, columns, training, options, task, seed, tuning_storage, primary
    )
    return trials, hyperparameters, curves, record.model_dump(mode="json")


def draw_search(
    trials: pd.DataFrame, trial_curves: pd.DataFrame, options: TuningOptions, task: Task, seed: int
) -> tuple[go.Figure, go.Figure, go.Figure, go.Figure, go.Figure]:
    """Draw the trials: history, importance, parallel coordinates, slices, values by step."""
    measured_by = options.metric_of(task)
    return (
        plot_history(trials, measured_by),
        plot_importance(trials, measured_by, seed),
        plot_parallel(trials, measured_by),
        plot_slices(trials, measured_by),
        plot_curves(trial_curves, trials, measured_by),
    )
