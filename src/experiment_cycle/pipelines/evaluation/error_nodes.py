"""Nodes of the stage evaluation that ask where the challenger fails."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go
from sklearn.pipeline import Pipeline

from experiment_cycle.columns import Columns
from experiment_cycle.evaluation.errors.failures import worst_rows
from experiment_cycle.evaluation.errors.fairness import compare_groups
from experiment_cycle.evaluation.errors.mitigation import mitigate
from experiment_cycle.evaluation.errors.retrained import Retraining
from experiment_cycle.evaluation.errors.slices import measure_slices
from experiment_cycle.evaluation.errors.weak_slices import find_weak_slices
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.evaluation.plots.groups import plot_groups
from experiment_cycle.evaluation.plots.trade_off import plot_trade_off
from experiment_cycle.evaluation.plots.weak_slices import plot_weak_slices
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.records import ModelRecord


def slice_test(
    test: pd.DataFrame,
    cross_validated_rows: pd.DataFrame,
    test_predictions: pd.DataFrame,
    challenger_record: dict[str, Any],
    incumbent_record: dict[str, Any],
    columns: Columns,
    options: EvaluationOptions,
) -> pd.DataFrame:
    """Measure the challenger on slices of the test rows."""
    predictions = Predictions.from_records(test_predictions, challenger_record, incumbent_record)
    return measure_slices(tested_rows(test, cross_validated_rows), predictions, columns, options)


def compare_sensitive_groups(
    test: pd.DataFrame,
    cross_validated_rows: pd.DataFrame,
    test_predictions: pd.DataFrame,
    challenger_record: dict[str, Any],
    incumbent_record: dict[str, Any],
    columns: Columns,
    options: EvaluationOptions,
    seed: int,
) -> tuple[dict[str, Any], go.Figure]:
    """Compare the levels of each sensitive column, and of several at once."""
    predictions = Predictions.from_records(test_predictions, challenger_record, incumbent_record)
    rows = tested_rows(test, cross_validated_rows)
    found = compare_groups(rows, predictions, columns, options, seed)
    return found.model_dump(mode="json"), plot_groups(found)


def collect_failure_cases(
    test: pd.DataFrame,
    cross_validated_rows: pd.DataFrame,
    test_predictions: pd.DataFrame,
    challenger_record: dict[str, Any],
    incumbent_record: dict[str, Any],
    options: EvaluationOptions,
) -> pd.DataFrame:
    """Collect the rows the challenger is most wrong about."""
    predictions = Predictions.from_records(test_predictions, challenger_record, incumbent_record)
    return worst_rows(tested_rows(test, cross_validated_rows), predictions, options.failure_cases)


def search_weak_slices(
    test: pd.DataFrame,
    cross_validated_rows: pd.DataFrame,
    test_predictions: pd.DataFrame,
    challenger_record: dict[str, Any],
    incumbent_record: dict[str, Any],
    columns: Columns,
    options: EvaluationOptions,
    seed: int,
) -> tuple[dict[str, Any], go.Figure]:
    """Find weak slices on one half of the test units, and confirm them on the other."""
    predictions = Predictions.from_records(test_predictions, challenger_record, incumbent_record)
    rows = tested_rows(test, cross_validated_rows)
    found = find_weak_slices(rows, predictions, columns, options, seed)
    return found.model_dump(mode="json"), plot_weak_slices(found)


def try_mitigation(
    test: pd.DataFrame,
    test_predictions: pd.DataFrame,
    challenger_record: dict[str, Any],
    incumbent_record: dict[str, Any],
    challenger: Pipeline,
    train: pd.DataFrame,
    validation: pd.DataFrame,
    columns: Columns,
    training: TrainingOptions,
    options: EvaluationOptions,
    seed: int,
) -> tuple[dict[str, Any], go.Figure]:
    """Make fairer alternatives to the challenger where they are asked for."""
    predictions = Predictions.from_records(test_predictions, challenger_record, incumbent_record)
    record = ModelRecord.model_validate(challenger_record)
    retraining = Retraining(record, train, validation, columns, training)
    found = mitigate(test, predictions, challenger, retraining, options, seed)
    return found.model_dump(mode="json"), plot_trade_off(found)


def tested_rows(test: pd.DataFrame, cross_validated_rows: pd.DataFrame) -> pd.DataFrame:
    """Choose the rows behind the predictions."""
    return cross_validated_rows if test.empty else test
