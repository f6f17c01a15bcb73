"""Nodes of the stage evaluation."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go
from sklearn.pipeline import Pipeline

from experiment_cycle.columns import Columns
from experiment_cycle.evaluation.errors.failures import worst_rows
from experiment_cycle.evaluation.errors.fairness import compare_groups
from experiment_cycle.evaluation.errors.slices import measure_slices
from experiment_cycle.evaluation.estimates import estimate_metrics
from experiment_cycle.evaluation.incumbent import choose
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.evaluation.plots import (
    plot_calibration,
    plot_confusion,
    plot_precision_recall,
    plot_roc,
)
from experiment_cycle.evaluation.predictions import predict_both
from experiment_cycle.row_keys import row_keys


def choose_incumbent(
    baseline: Pipeline, seen_rows: pd.DataFrame, registered_model: str
) -> tuple[Pipeline, dict[str, Any], pd.DataFrame]:
    """Take the champion from the registry, or the baseline where there is none."""
    incumbent = choose(baseline, seen_rows, registered_model)
    return incumbent.model, incumbent.record.model_dump(mode="json"), incumbent.seen_rows


def predict_test(
    challenger: Pipeline, incumbent: Pipeline, test: pd.DataFrame, columns: Columns
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Let both models predict the same test rows."""
    return predict_both(challenger, incumbent, test, columns), row_keys(test, columns)


def compute_metrics(
    test_predictions: pd.DataFrame, options: EvaluationOptions, seed: int
) -> dict[str, Any]:
    """Measure both models, each metric with its interval."""
    return estimate_metrics(test_predictions, options, seed).model_dump(mode="json")


def slice_test(
    test: pd.DataFrame, test_predictions: pd.DataFrame, columns: Columns, options: EvaluationOptions
) -> pd.DataFrame:
    """Measure the challenger on slices of the test rows."""
    return measure_slices(test, test_predictions, columns, options)


def compare_sensitive_groups(
    test: pd.DataFrame, test_predictions: pd.DataFrame, columns: Columns, options: EvaluationOptions
) -> dict[str, Any]:
    """Compare the levels of each sensitive column."""
    return compare_groups(test, test_predictions, columns, options).model_dump(mode="json")


def collect_failure_cases(
    test: pd.DataFrame, test_predictions: pd.DataFrame, options: EvaluationOptions
) -> pd.DataFrame:
    """Collect the rows the challenger is most wrong about."""
    return worst_rows(test, test_predictions, options.failure_cases)


def draw_evaluation(
    test_predictions: pd.DataFrame, options: EvaluationOptions
) -> tuple[go.Figure, go.Figure, go.Figure, go.Figure]:
    """Draw ROC, precision-recall, calibration and confusion of both models."""
    return (
        plot_roc(test_predictions),
        plot_precision_recall(test_predictions),
        plot_calibration(test_predictions, options.calibration_bins),
        plot_confusion(test_predictions, options.threshold),
    )
