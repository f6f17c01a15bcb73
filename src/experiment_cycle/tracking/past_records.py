"""The record of one past cycle: read, and written into."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from experiment_cycle.errors import IntegrityError


def read_run(run_id: str) -> Run:
    """Read the whole record of a cycle: tags, metrics, and parameters as MLflow has them."""
    return MlflowClient().get_run(run_id)


@contextmanager
def reopened(run_id: str) -> Iterator[None]:
    """Write into the record of a past cycle while the block runs; it ended when it ended."""
    before = read_run(run_id).info
    try:
        with mlflow.start_run(run_id=run_id):
            yield
    finally:
        MlflowClient().set_terminated(run_id, before.status, before.end_time)


def read_artifact(run_id: str, path: str, folder: Path) -> Path:
    """Fetch one artifact of a cycle.

    Args:
        run_id: Of the cycle.
        path: Inside the record, such as ``decision/decision.json``.
        folder: Where it is put.

    Raises:
        IntegrityError: the record does not have it, or does not give it back.
    """
    try:
        return Path(
            mlflow.artifacts.download_artifacts(
                run_id=run_id, artifact_path=path, dst_path=str(folder)
            )
        )
    except (mlflow.MlflowException, OSError) as error:
        raise IntegrityError(
            f"The record {run_id} does not give back '{path}': {' '.join(str(error).split())} Next "
            "step: choose another cycle; kedro cycle runs lists them."
        ) from error


def read_record(run_id: str, path: str, folder: Path) -> Any:
    """Read one JSON artifact of a cycle; see `read_artifact`."""
    return json.loads(read_artifact(run_id, path, folder).read_text())
