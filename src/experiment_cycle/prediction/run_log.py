"""Predictions in the log of runs."""

from __future__ import annotations

import logging
from pathlib import Path

from experiment_cycle.prediction.records import PredictionRecord
from experiment_cycle.tracking.prediction_run import log_prediction

logger = logging.getLogger(__name__)


def log_record(record: PredictionRecord) -> None:
    """Log a record as a run of its own; predictions that are written stay, whatever comes of it."""
    tags = {
        "registered_model": record.registered_model,
        "model_version": str(record.version),
        "model_identity": record.identity,
        "input.file": record.input_file,
        "input.hash": str(record.input_hash),
        "output.file": record.output_file,
        "output.hash": record.output_hash,
    }
    checks = record.checks
    counts = {
        "rows": float(record.rows),
        "seconds": record.seconds,
        "columns_with_new_missing_values": float(len(checks.missing_values)),
        "columns_out_of_range": float(len(checks.out_of_range)),
        "columns_with_unseen_levels": float(len(checks.unseen_levels)),
    }
    name = f"prediction by version {record.version}"
    try:
        log_prediction(name, tags, counts, Path(f"{record.output_file}.json"))
    except Exception as error:
        told = " ".join(str(error).split())
        logger.warning(
            "The predictions are written, but not logged in MLflow: %s. What is known of them is "
            "in %s.json.",
            told,
            record.output_file,
        )
