"""Nodes of the stage evaluation that draw what calls and errors do, beside the metrics."""

from dataclasses import replace
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from sklearn.pipeline import Pipeline

from experiment_cycle.columns import Columns
from experiment_cycle.evaluation.call_costs import cost_calls
from experiment_cycle.evaluation.errors.residuals import analyse_errors
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.evaluation.plots.gain import plot_gain
from experiment_cycle.evaluation.plots.residuals import plot_quantiles, plot_structure
from experiment_cycle.evaluation.plots.threshold import plot_threshold
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.records import ModelRecord
from experiment_cycle.training.validation import predict_part


def draw_calls(
    challenger: Pipeline,
    validation: pd.DataFrame,
    test_predictions: pd.DataFrame,
    challenger_record: dict[str, Any],
    incumbent_record: dict[str, Any],
    columns: Columns,
    training: TrainingOptions,
    options: EvaluationOptions,
) -> tuple[dict[str, Any], go.Figure, go.Figure]:
    """Cost the calls of both models, and draw the thresholds on validation, and the gain."""
    predictions = Predictions.from_records(test_predictions, challenger_record, incumbent_record)
    record, costs = ModelRecord.model_validate(challenger_record), training.threshold.costs
    steered = None
    if record.threshold is not None:
        found = predict_part(challenger, validation, record.problem, columns, "validation")
        steered = replace(found, threshold=record.threshold.value)
    tested = predictions.outcomes("challenger")
    return (
        cost_calls(predictions, costs, options.confidence).model_dump(mode="json"),
        plot_threshold(steered, tested, record, costs),
        plot_gain(predictions),
    )


def analyse_residuals(
    test: pd.DataFrame,
    cross_validated_rows: pd.DataFrame,
    test_predictions: pd.DataFrame,
    challenger_record: dict[str, Any],
    incumbent_record: dict[str, Any],
    columns: Columns,
    options: EvaluationOptions,
    seed: int,
) -> tuple[dict[str, Any], go.Figure, go.Figure]:
    """Look for structure in the errors of a regression, and draw them."""
    predictions = Predictions.from_records(test_predictions, challenger_record, incumbent_record)
    rows = cross_validated_rows if test.empty else test
    found = analyse_errors(rows, predictions, columns, options.confidence, seed)
    return found.model_dump(mode="json"), plot_quantiles(predictions), plot_structure(found)
