"""Nodes of the stage evaluation that ask where the challenger fails."""

from typing import Any

import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.evaluation.errors.failures import worst_rows
from experiment_cycle.evaluation.errors.fairness import compare_groups
from experiment_cycle.evaluation.errors.slices import measure_slices
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.evaluation.predictions import Predictions


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
    return measure_slices(_tested(test, cross_validated_rows), predictions, columns, options)


def compare_sensitive_groups(
    test: pd.DataFrame,
    cross_validated_rows: pd.DataFrame,
    test_predictions: pd.DataFrame,
    challenger_record: dict[str, Any],
    incumbent_record: dict[str, Any],
    columns: Columns,
    options: EvaluationOptions,
) -> dict[str, Any]:
    """Compare the levels of each sensitive column."""
    predictions = Predictions.from_records(test_predictions, challenger_record, incumbent_record)
    return compare_groups(
        _tested(test, cross_validated_rows), predictions, columns, options
    ).model_dump(mode="json")


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
    return worst_rows(_tested(test, cross_validated_rows), predictions, options.failure_cases)


def _tested(test: pd.DataFrame, cross_validated_rows: pd.DataFrame) -> pd.DataFrame:
    """Choose the rows behind the predictions."""
    return cross_validated_rows if test.empty else test
