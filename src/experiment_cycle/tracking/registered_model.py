"""A model of the registry, by its alias or its number, with what predicting needs of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mlflow
from mlflow.entities.model_registry import ModelVersion
from mlflow.tracking import MlflowClient
from sklearn.pipeline import Pipeline

from experiment_cycle.datasets.skops_model import load_model
from experiment_cycle.errors import DataError, IntegrityError
from experiment_cycle.tracking.champions import CHAMPION
from experiment_cycle.tracking.past_records import read_record
from experiment_cycle.tracking.registry import RECORD

ABSENT = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}
"""What MLflow says of a model, a version or an alias that does not exist."""
SHOWN = 10


@dataclass(frozen=True, eq=False)
class RegisteredModel:
    """A version: the fitted pipeline, its `ModelRecord` as stored, and the run it comes from."""

    name: str
    version: int
    run_id: str
    model: Pipeline
    record: dict[str, Any]
    tags: dict[str, str]

    def read_artifact(self, path: str) -> Any | None:
        """Read a JSON artifact of the run it comes from; None where the record has none."""
        with TemporaryDirectory() as folder:
            try:
                return read_record(self.run_id, path, Path(folder))
            except (IntegrityError, mlflow.MlflowException):
                return None


def load_version(
    name: str, version: int | str, trusted_types: Sequence[str] = ()
) -> RegisteredModel:
    """Load a model of the registry.

    Args:
        name: Of the registered model.
        version: The number of a version, or an alias.
        trusted_types: Types that the user's configuration trusts, besides those on our own list.

    Raises:
        DataError: there is no such version or alias.
        IntegrityError: its files are missing, or hold types that are not trusted.
    """
    found = _find(name, version)
    uri = f"models:/{name}/{found.version}"
    with TemporaryDirectory() as folder:
        try:
            # what lies beside it may be large: the keys of all rows that it has seen
            file, record = (
                Path(mlflow.artifacts.download_artifacts(f"{uri}/{path}", dst_path=folder))
                for path in ("model.skops", f"extra_files/{RECORD}")
            )
            return RegisteredModel(
                name=name,
                version=int(found.version),
                run_id=str(found.run_id),
                model=load_model(file, trusted_types),
                record=json.loads(record.read_text()),
                tags=dict(found.tags),
            )
        except (mlflow.MlflowException, OSError, ValueError) as error:
            raise IntegrityError(
                f"Version {found.version} of '{name}' cannot be read from the model registry: "
                f"{' '.join(str(error).split())} Next step: restore its files, or name another "
                "version."
            ) from error


def _find(name: str, version: int | str) -> ModelVersion:
    client = MlflowClient()
    number = str(version).isdigit()
    try:
        if number:
            return client.get_model_version(name, str(version))
        return client.get_model_version_by_alias(name, str(version))
    except mlflow.MlflowException as error:
        if error.error_code not in ABSENT:
            raise
        raise DataError(_absent(name, version, number=number)) from error


def _absent(name: str, version: int | str, *, number: bool) -> str:
    client = MlflowClient()
    models = client.search_registered_models(f"name = '{name}'", max_results=1)
    listed = client.search_model_versions(f"name = '{name}'", max_results=SHOWN) if models else []
    numbers = sorted((int(each.version) for each in listed), reverse=True)
    if not numbers:
        return (
            f"The model registry has no model '{name}' yet: none was promoted. Next step: kedro "
            "run, until a challenger is; or kedro cycle promote --force --reason 'why'."
        )
    if version == CHAMPION:
        return (
            f"No version of '{name}' has the alias '{CHAMPION}'. Next step: name one of the "
            f"versions ({', '.join(map(str, numbers))}) with --version, or kedro cycle rollback."
        )
    aliases = sorted(models[0].aliases)
    return (
        f"'{name}' has no {'version' if number else 'alias'} '{version}'. Versions: "
        f"{', '.join(map(str, numbers))}; aliases: {', '.join(aliases) or 'none'}. Next step: name "
        "one of these."
    )
