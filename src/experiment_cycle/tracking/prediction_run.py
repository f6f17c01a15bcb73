"""A run of its own in MLflow for predictions: no part of any cycle."""

from __future__ import annotations

from pathlib import Path

import mlflow

from experiment_cycle.tracking.left_running import PROCESS, this_process

KIND = "kind"
PREDICTION = "prediction"


def log_prediction(
    name: str, tags: dict[str, str], counts: dict[str, float], sidecar: Path
) -> None:
    """Log predictions as a run without the tag `cycle_id`, so that no list of cycles counts it.

    Args:
        name: Of the run.
        tags: Which model, which files.
        counts: Rows, seconds, findings.
        sidecar: What is known of the predictions; kept as an artifact.
    """
    told = {KIND: PREDICTION, PROCESS: this_process(), **tags}
    with mlflow.start_run(run_name=name, nested=True, tags=told):
        mlflow.log_metrics(counts)
        mlflow.log_artifact(str(sidecar), PREDICTION)
