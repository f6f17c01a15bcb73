"""Nodes of the stage evaluation that look at single rows: why they failed, who is right on them."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go
from sklearn.pipeline import Pipeline

from experiment_cycle.columns import Columns
from experiment_cycle.evaluation.errors.broken_slices import broken_slices
from experiment_cycle.evaluation.errors.disagreement import Changes, broken_rows, count_changes
from experiment_cycle.evaluation.errors.drift import measure_drift
from experiment_cycle.evaluation.errors.explanations import explain_failures
from experiment_cycle.evaluation.errors.suspects import Part, suspect_labels, validated
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.evaluation.plots.disagreement import plot_disagreement
from experiment_cycle.evaluation.predictions import Predictions, rows_behind
from experiment_cycle.training.records import ModelRecord

from .error_nodes import tested_rows


def explain_failure_cases(
    test: pd.DataFrame,
    cross_validated_rows: pd.DataFrame,
    test_predictions: pd.DataFrame,
    challenger_record: dict[str, Any],
    incumbent_record: dict[str, Any],
    failure_cases: pd.DataFrame,
    challenger: Pipeline,
    train: pd.DataFrame,
    validation: pd.DataFrame,
    columns: Columns,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Attribute the worst rows to features, and find the training rows nearest to them."""
    predictions = Predictions.from_records(test_predictions, challenger_record, incumbent_record)
    refitted = ModelRecord.model_validate(challenger_record).refit_rows is not None
    found = explain_failures(
        failure_cases,
        challenger,
        tested_rows(test, cross_validated_rows),
        pd.concat([train, validation]) if refitted else train,
        predictions,
        columns,
        seed,
        own_predictions=not test.empty,
    )
    return found.attributions, found.neighbours, found.record.model_dump(mode="json")


def compare_errors(
    test: pd.DataFrame,
    cross_validated_rows: pd.DataFrame,
    test_predictions: pd.DataFrame,
    challenger_record: dict[str, Any],
    incumbent_record: dict[str, Any],
    columns: Columns,
    options: EvaluationOptions,
) -> tuple[dict[str, Any], pd.DataFrame, go.Figure]:
    """Count what the challenger fixed and broke, and where the broken rows are."""
    predictions = Predictions.from_records(test_predictions, challenger_record, incumbent_record)
    rows, changes = tested_rows(test, cross_validated_rows), Changes.of(predictions)
    ranked = predictions.problem.type == "ranking"
    slices, tests = broken_slices(rows, predictions, changes, columns, options)
    counted = count_changes(changes, options.confidence, ranked).model_copy(
        update={"slices": slices, "slices_tested": tests}
    )
    return (
        counted.model_dump(mode="json"),
        broken_rows(rows, predictions, changes, options.failure_cases),
        plot_disagreement(predictions, changes),
    )


def doubt_labels(
    test: pd.DataFrame,
    cross_validated_rows: pd.DataFrame,
    test_predictions: pd.DataFrame,
    challenger_record: dict[str, Any],
    incumbent_record: dict[str, Any],
    challenger: Pipeline,
    validation: pd.DataFrame,
    columns: Columns,
    options: EvaluationOptions,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Rank the labels of test and validation that the challenger doubts."""
    predictions = Predictions.from_records(test_predictions, challenger_record, incumbent_record)
    parts = [Part.tested(tested_rows(test, cross_validated_rows), predictions)]
    # without a test set, the rows of validation are among those of the other folds
    more = None
    if not test.empty:
        record = ModelRecord.model_validate(challenger_record)
        more = validated(challenger, record, validation, columns)
    found, listed = suspect_labels(
        parts + ([more] if isinstance(more, Part) else []),
        predictions.problem,
        options.failure_cases,
        more if isinstance(more, str) else None,
    )
    return found.model_dump(mode="json"), listed


def compare_with_train(
    train: pd.DataFrame,
    test: pd.DataFrame,
    test_predictions: pd.DataFrame,
    columns: Columns,
    seed: int,
) -> dict[str, Any]:
    """Compare the distribution of each column between train and the test rows predicted."""
    test = test if test.empty else rows_behind(test, test_predictions)
    return measure_drift(train, test, columns, seed).model_dump(mode="json")
