"""Nodes of the stage evaluation."""

from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from sklearn.pipeline import Pipeline

from experiment_cycle.columns import Columns
from experiment_cycle.decision.criteria import check_metrics
from experiment_cycle.evaluation.both_models import estimate_metrics
from experiment_cycle.evaluation.cross_validation import CrossValidation, out_of_fold
from experiment_cycle.evaluation.incumbent import choose
from experiment_cycle.evaluation.moments import number_moments
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.evaluation.plots.drawing import draw
from experiment_cycle.evaluation.predicting import predict_all
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.evaluation.records import IncumbentRecord
from experiment_cycle.evaluation.retraining import Retraining
from experiment_cycle.hypothesis import Hypothesis
from experiment_cycle.metrics.costs import without_costs
from experiment_cycle.problem import Task
from experiment_cycle.seen_rows import OnOverlap
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.records import SplitManifest
from experiment_cycle.splitting.timed_keys import timed_keys
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.records import ModelRecord
from experiment_cycle.tuning.options import TuningOptions


def choose_incumbent(
    baseline: Pipeline,
    baseline_record: dict[str, Any],
    seen_rows: pd.DataFrame,
    registered_model: str,
    training: TrainingOptions,
    on_overlap: OnOverlap,
    train: pd.DataFrame,
    validation: pd.DataFrame,
    split_keys: pd.DataFrame,
    split_manifest: dict[str, Any],
    columns: Columns,
    tuning: TuningOptions,
    splitting: SplittingOptions,
    task: Task,
    seed: int,
    fold_results: Path,
) -> tuple[Pipeline, dict[str, Any], pd.DataFrame]:
    """Take the champion from the registry, or the baseline where there is none.

    Of a champion that has seen test rows, its procedure on the present rows, if that is asked for.
    """
    record = ModelRecord.model_validate(baseline_record)
    incumbent = choose(baseline, record, seen_rows, registered_model, training.trusted_types)
    if on_overlap == "retrain":
        manifest = SplitManifest.model_validate(split_manifest)
        retraining = Retraining(
            *(train, validation, split_keys, manifest, columns, training, tuning, splitting),
            *(task, seed, fold_results / "studies"),
        )
        incumbent = retraining.stand_in(incumbent, seen_rows)
    return incumbent.model, incumbent.record.model_dump(mode="json"), incumbent.seen_rows


def cross_validate(
    train: pd.DataFrame,
    validation: pd.DataFrame,
    folds: pd.DataFrame,
    split_manifest: dict[str, Any],
    incumbent_record: dict[str, Any],
    columns: Columns,
    training: TrainingOptions,
    tuning: TuningOptions,
    task: Task,
    seed: int,
    fold_results: Path,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compare procedures over folds, where there are some; without a test set this decides."""
    rows = pd.concat([train, validation]).sort_index()
    asked = CrossValidation(rows, folds, columns, training, tuning, task, seed, fold_results)
    predicted = asked.run(IncumbentRecord.model_validate(incumbent_record))
    if split_manifest["parts"]["test"]["rows"]:
        return predicted, pd.DataFrame()
    return predicted, rows.loc[out_of_fold(predicted).index]


def predict_test(
    challenger: Pipeline,
    incumbent: Pipeline,
    seed_models: list[Pipeline],
    challenger_record: dict[str, Any],
    incumbent_record: dict[str, Any],
    test: pd.DataFrame,
    fold_predictions: pd.DataFrame,
    cross_validated_rows: pd.DataFrame,
    columns: Columns,
    split_manifest: dict[str, Any],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Let both models, and further seeds of the challenger, predict the same test rows.

    Without a test set, take what models of the other folds predicted for each row.
    """
    if test.empty:
        return out_of_fold(fold_predictions), timed_keys(cross_validated_rows, columns)
    predicted = predict_all(
        challenger,
        incumbent,
        seed_models,
        ModelRecord.model_validate(challenger_record),
        IncumbentRecord.model_validate(incumbent_record),
        test,
        columns,
    )
    moments = number_moments(test, columns, split_manifest["strategy"])
    if moments is not None:
        predicted.insert(1, "moment", moments)
    return predicted, timed_keys(test, columns)


def compute_metrics(
    test_predictions: pd.DataFrame,
    challenger_record: dict[str, Any],
    incumbent_record: dict[str, Any],
    hypothesis: Hypothesis,
    options: EvaluationOptions,
    seed: int,
) -> dict[str, Any]:
    """Measure both models, each metric with its interval, also those the hypothesis names."""
    predictions = Predictions.from_records(test_predictions, challenger_record, incumbent_record)
    check_metrics(hypothesis, predictions.problem)
    asked = without_costs(hypothesis.metrics())
    return estimate_metrics(predictions, options, seed, asked).model_dump(mode="json")


def draw_evaluation(
    test_predictions: pd.DataFrame,
    challenger_record: dict[str, Any],
    incumbent_record: dict[str, Any],
    options: EvaluationOptions,
) -> tuple[go.Figure, go.Figure, go.Figure, go.Figure]:
    """Draw both models: a curve, a detail, the calibration, the confusion."""
    predictions = Predictions.from_records(test_predictions, challenger_record, incumbent_record)
    return draw(predictions, options.calibration_bins)
