"""Nodes of the pipeline prediction."""

from pathlib import Path
from typing import Any

from experiment_cycle.columns import Columns
from experiment_cycle.decision.options import DecisionOptions
from experiment_cycle.prediction.options import PredictionOptions
from experiment_cycle.prediction.predict import Order, predict, read_known
from experiment_cycle.prediction.run_log import log_record
from experiment_cycle.tracking.registered_model import RegisteredModel, load_version
from experiment_cycle.training.options import TrainingOptions


def choose_model(
    options: PredictionOptions, decision: DecisionOptions, training: TrainingOptions
) -> RegisteredModel:
    """Load the model behind the alias, or the version, from the registry."""
    return load_version(decision.registered_model, options.model, training.trusted_types)


def predict_new_rows(
    new_rows: Any,
    prediction_model: RegisteredModel,
    columns: Columns,
    options: PredictionOptions,
    predictions_file: Path,
) -> dict[str, Any]:
    """Check the new rows, predict them batch by batch, and log what was done."""
    known = read_known(prediction_model)
    order = Order(new_rows, prediction_model, known, columns, options)
    record = predict(order, predictions_file)
    log_record(record)
    return record.model_dump(mode="json")
