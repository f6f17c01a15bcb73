"""A file of the project that all its records share: its newest copy is known to the experiment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
from mlflow.tracking import MlflowClient

from experiment_cycle.errors import BackendError, IntegrityError


def keep_copy(file: Path, folder: str, tag: str, note: dict[str, Any]) -> None:
    """Keep a copy of a file as an artifact of the active run, and tell the experiment of it.

    Args:
        file: What is copied.
        folder: Of the artifact.
        tag: Of the experiment; it names the newest copy.
        note: What is to be known of the copy without reading it.

    Raises:
        BackendError: the store does not answer, or cannot be written.
    """
    run = mlflow.active_run()
    if run is None:
        return
    told = {**note, "source": f"{run.info.artifact_uri}/{folder}/{file.name}"}
    with _telling_of_the_store(file):
        mlflow.log_artifact(str(file), folder)
        MlflowClient().set_experiment_tag(run.info.experiment_id, tag, json.dumps(told))


def newest_copy(tag: str) -> tuple[dict[str, Any], str] | None:
    """Tell what is known of the newest copy, and where it is; None: no run is active, or no copy.

    Raises:
        BackendError: the store does not answer.
        IntegrityError: the experiment's tag is not one of `keep_copy`.
    """
    run = mlflow.active_run()
    if run is None:
        return None
    with _telling_of_the_store(tag):
        tags = MlflowClient().get_experiment(run.info.experiment_id).tags
    if tag not in tags:
        return None
    try:
        note = dict(json.loads(tags[tag]))
        return note, str(note.pop("source"))
    except (ValueError, KeyError) as error:
        raise IntegrityError(
            f"The tag '{tag}' of the MLflow experiment was changed: {tags[tag][:80]}. Next step: "
            "restore it, or delete it if the file in the project is whole."
        ) from error


def read_copy(source: str) -> bytes:
    """Read a copy.

    Raises:
        IntegrityError: it is not there, or cannot be read.
    """
    try:
        return Path(mlflow.artifacts.download_artifacts(source)).read_bytes()
    except (mlflow.MlflowException, OSError) as error:
        raise IntegrityError(
            f"MLflow does not give back the copy {source}: {error}. Next step: restore the "
            "artifact."
        ) from error


@contextmanager
def _telling_of_the_store(what: object) -> Iterator[None]:
    try:
        yield
    except (mlflow.MlflowException, OSError) as error:
        told = " ".join(str(error).split())[:300]
        raise BackendError(
            f"MLflow's store cannot be used, where the copy of {what} is kept: {told}. Nothing "
            "that is finished is lost. Next step: see that the store can be reached and written, "
            "then kedro run --pipelines=decision,reporting"
        ) from error
