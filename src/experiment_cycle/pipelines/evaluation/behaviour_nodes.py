"""Nodes of the stage evaluation that try the challenger on unusual and on changed rows."""

from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.pipeline import Pipeline

from experiment_cycle.columns import Columns
from experiment_cycle.evaluation.errors.behaviour import try_behaviour
from experiment_cycle.evaluation.errors.edge_cases import try_edge_cases
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.evaluation.prediction_cost import measure_prediction_cost
from experiment_cycle.evaluation.records import IncumbentRecord
from experiment_cycle.training.records import ModelRecord


def try_unusual_tables(
    challenger: Pipeline,
    challenger_record: dict[str, Any],
    train: pd.DataFrame,
    columns: Columns,
    seed: int,
) -> dict[str, Any]:
    """Let the challenger predict tables with gaps, extremes, wrong types and the like."""
    problem = ModelRecord.model_validate(challenger_record).problem
    return try_edge_cases(challenger, train, problem, columns, seed).model_dump(mode="json")


def try_changed_rows(
    challenger: Pipeline,
    challenger_record: dict[str, Any],
    validation: pd.DataFrame,
    columns: Columns,
    options: EvaluationOptions,
    seed: int,
) -> dict[str, Any]:
    """Hold the challenger against what is expected of it when rows are changed."""
    problem = ModelRecord.model_validate(challenger_record).problem
    found = try_behaviour(challenger, validation, problem, columns, options, seed)
    return found.model_dump(mode="json")


def time_predictions(
    challenger: Pipeline,
    incumbent: Pipeline,
    challenger_record: dict[str, Any],
    incumbent_record: dict[str, Any],
    validation: pd.DataFrame,
    columns: Columns,
    challenger_file: Path,
    incumbent_file: Path,
    challenger_resources: dict[str, Any],
    baseline_resources: dict[str, Any],
) -> dict[str, Any]:
    """Measure what predicting costs with either model, on rows of validation."""
    problem = ModelRecord.model_validate(challenger_record).problem
    # the file is written before the record that tells of it
    kind = IncumbentRecord.model_validate(incumbent_record).kind
    features = validation[columns.features(validation.columns)]
    files = (challenger_file, incumbent_file)
    trained = (challenger_resources, baseline_resources if kind == "baseline" else None)
    seconds = tuple(None if each is None else float(each["wall_seconds"]) for each in trained)
    found = measure_prediction_cost(challenger, incumbent, features, problem, files, seconds)
    return found.model_dump(mode="json")
