"""Read back from the MLflow run that is the record of the present cycle, and tag it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mlflow
from mlflow.entities import RunTag
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.tracking import MlflowClient

from experiment_cycle.errors import IntegrityError
from experiment_cycle.tracking.files import content_of
from experiment_cycle.tracking.translation import tags_of


def record_tags(tags: dict[str, Any]) -> None:
    """Record short values as tags of the active run; what is None or long is left out."""
    entries = [RunTag(name, value) for name, value in tags_of(tags).values.items()]
    MlflowClient().log_batch(_active_run_id(), tags=entries)


def name_dataset(version: dict[str, Any]) -> None:
    """Name a dataset version as the active run's input dataset, under our content hash."""
    from mlflow.data.code_dataset_source import CodeDatasetSource  # noqa: PLC0415
    from mlflow.data.meta_dataset import MetaDataset  # noqa: PLC0415

    source = CodeDatasetSource({key: version[key] for key in ("backend", "id", "pointer")})
    # MLflow takes at most 36 characters; the whole hash is a tag
    digest = version["content_hash"][:36]
    dataset = MetaDataset(source, name="dataset", digest=digest)  # type: ignore[abstract]
    mlflow.log_input(dataset, context="cycle")


def recorded_artifacts() -> set[str]:
    """Name every artifact of the active run, such as ``splitting/split_manifest.json``.

    Returns:
        Paths relative to the run; the empty set where no run is active.
    """
    run = mlflow.active_run()
    if run is None:
        return set()
    # by address: by run, MLflow asks the database about logged models once a folder
    repository = get_artifact_repository(run.info.artifact_uri)
    found, folders = set(), [""]
    while folders:
        for item in repository.list_artifacts(folders.pop() or None):
            if item.is_dir:
                folders.append(item.path)
            else:
                found.add(item.path)
    return found


def recorded_tags() -> dict[str, str]:
    """Read the tags of the active run back from the store; empty where no run is active."""
    run = mlflow.active_run()
    return {} if run is None else dict(MlflowClient().get_run(run.info.run_id).data.tags)


def recorded_parameters() -> dict[str, str]:
    """Read the parameters of the active run back from the store; empty where no run is active."""
    run = mlflow.active_run()
    return {} if run is None else dict(MlflowClient().get_run(run.info.run_id).data.params)


def read_back(path: str) -> bytes:
    """Read one artifact of the active run back from the store.

    Raises:
        IntegrityError: no run is active, or it has no such artifact.
    """
    with _downloaded(path) as file:
        return file.read_bytes()


def recorded_content(path: str) -> str:
    """Hash one artifact of the active run as the store gives it back; see `content_of`.

    Raises:
        IntegrityError: no run is active, or it has no such artifact.
    """
    with _downloaded(path) as file:
        return content_of(file)


@contextmanager
def _downloaded(path: str) -> Iterator[Path]:
    run = mlflow.active_run()
    if run is None:
        raise IntegrityError(f"Cannot read '{path}' back: no MLflow run is active.")
    with TemporaryDirectory() as folder:
        try:
            local = mlflow.artifacts.download_artifacts(
                f"{run.info.artifact_uri}/{path}", dst_path=folder
            )
        except (mlflow.MlflowException, OSError) as error:
            raise IntegrityError(
                f"MLflow run {run.info.run_id} does not give back its artifact '{path}': {error}"
            ) from error
        yield Path(local)


def _active_run_id() -> str:
    run = mlflow.active_run()
    if run is None:
        raise IntegrityError("Nothing can be recorded: no MLflow run is active.")
    return str(run.info.run_id)
