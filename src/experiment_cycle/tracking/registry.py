"""The model registry: which model is champion, what it has seen, how another takes its place."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from importlib.metadata import version as installed_version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mlflow
import pandas as pd
from mlflow.models import ModelSignature, infer_signature
from mlflow.models.model import ModelInfo
from mlflow.tracking import MlflowClient
from packaging.version import Version
from sklearn.pipeline import Pipeline

from experiment_cycle.backends import DISTRIBUTION
from experiment_cycle.datasets.skops_model import load_model
from experiment_cycle.errors import IntegrityError
from experiment_cycle.tracking.champions import (
    CHAMPION,
    Way,
    champion_version,
    check_still_champion,
    swapping,
)

SEEN_ROWS = "seen_rows.parquet"
SPLIT_KEYS = "split_keys.parquet"
SPLIT_MANIFEST = "split_manifest.json"
RECORD = "model_record.json"
MODULES = ("numpy", "pandas", "sklearn", "skops")
"""What every model needs to be loaded."""
MODULES_OF = {
    "lightgbm": ("lightgbm",),
    "xgboost": ("xgboost",),
    "skorch": ("skorch", "torch"),
}
"""What an estimator needs besides."""


@dataclass(frozen=True)
class Champion:
    """A registered model with what it was registered with."""

    version: int
    run_id: str
    model: Pipeline
    record: dict[str, Any]
    seen_rows: pd.DataFrame
    tags: dict[str, str]


def load_champion(registered_model: str, trusted_types: Sequence[str] = ()) -> Champion | None:
    """Load the champion; neither its file nor its record tells which types are to be trusted.

    Args:
        registered_model: Name in the registry.
        trusted_types: Types that the user's configuration trusts, besides those on our own list.

    Raises:
        IntegrityError: its files are missing, or hold types that are not trusted.
    """
    version = champion_version(registered_model)
    if version is None:
        return None
    found = MlflowClient().get_model_version(registered_model, str(version))
    with TemporaryDirectory() as folder:
        try:
            local = Path(
                mlflow.artifacts.download_artifacts(
                    f"models:/{registered_model}/{version}", dst_path=folder
                )
            )
            extra = local / "extra_files"
            return Champion(
                version=version,
                run_id=str(found.run_id),
                model=load_model(local / "model.skops", trusted_types),
                record=json.loads((extra / RECORD).read_text()),
                seen_rows=pd.read_parquet(extra / SEEN_ROWS),
                tags=dict(found.tags),
            )
        except (mlflow.MlflowException, OSError) as error:
            raise IntegrityError(
                f"The champion, version {version} of '{registered_model}', cannot be read from the "
                f"model registry: {error}. Next step: restore its files, or move the alias "
                f"'{CHAMPION}' to a version that can be read."
            ) from error


def load_champion_split(registered_model: str) -> tuple[int, dict[str, Any], pd.DataFrame] | None:
    """Load the split that the champion was registered with; its model stays where it is.

    Returns:
        The champion's version, the split manifest, and the keys of all rows with their part. None
        where there is no champion, or one that was registered without its split.

    Raises:
        IntegrityError: its files cannot be read.
    """
    version = champion_version(registered_model)
    if version is None:
        return None
    with TemporaryDirectory() as folder:
        try:
            extra = Path(
                mlflow.artifacts.download_artifacts(
                    f"models:/{registered_model}/{version}/extra_files", dst_path=folder
                )
            )
            if not (extra / SPLIT_KEYS).exists():
                return None
            manifest = json.loads((extra / SPLIT_MANIFEST).read_text())
            return version, manifest, pd.read_parquet(extra / SPLIT_KEYS)
        except (mlflow.MlflowException, OSError, ValueError) as error:
            raise IntegrityError(
                f"The split of the champion, version {version} of '{registered_model}', cannot be "
                f"read from the model registry: {error}. Next step: restore its files, or set "
                "'splitting.inherit' to none to split without it."
            ) from error


def register_champion(  # noqa: PLR0913, PLR0917 - what is kept of a model
    registered_model: str,
    model: Pipeline,
    record: dict[str, Any],
    seen_rows: pd.DataFrame,
    tags: dict[str, str],
    expected_previous: int | None,
    example: pd.DataFrame,
    split: tuple[dict[str, Any], pd.DataFrame] | None = None,
    way: Way = "decision",
    reason: str = "",
) -> int:
    """Register a model as a new version and give it the aliases `champion` and `staging`.

    Args:
        registered_model: Name in the registry.
        model: The fitted pipeline.
        record: A `ModelRecord`, as stored; kept beside the model.
        seen_rows: Keys of all rows that influenced it; stored beside it.
        tags: Tags of the version.
        expected_previous: The champion it was compared with; None where there was none.
        example: A few raw feature rows, for signature and input example.
        split: The split manifest, and the keys of all rows with their part, for later splits to
            keep to; stored beside the model.
        way: How it becomes champion.
        reason: Why, for the history of the alias.

    Returns:
        The number of the new version.

    Raises:
        IntegrityError: the champion is no longer the one that was compared.
    """
    # the model takes seconds to write: in vain, if the race is lost already
    check_still_champion(registered_model, expected_previous)
    with TemporaryDirectory() as folder:
        beside = _lay_beside(Path(folder), record, seen_rows, split)
        logged = _log(model, record, example, beside)
    with swapping(registered_model, expected_previous) as move:
        version = _register(registered_model, logged, tags)
        move(version, way, reason)
    return version


def _lay_beside(
    folder: Path,
    record: dict[str, Any],
    seen_rows: pd.DataFrame,
    split: tuple[dict[str, Any], pd.DataFrame] | None,
) -> list[str]:
    """Write what is kept beside a model into a folder, and name the files."""
    (folder / RECORD).write_text(json.dumps(record, indent=2))
    seen_rows.to_parquet(folder / SEEN_ROWS)
    if split is not None:
        manifest, keys = split
        (folder / SPLIT_MANIFEST).write_text(json.dumps(manifest, indent=2))
        keys.to_parquet(folder / SPLIT_KEYS)
    return [str(file) for file in sorted(folder.iterdir())]


def _log(
    model: Pipeline, record: dict[str, Any], example: pd.DataFrame, beside: list[str]
) -> ModelInfo:
    """Log a model, with the files beside it, into the active run."""
    classes = record["problem"]["type"] in {"binary", "multiclass"}
    predict = "predict_proba" if classes else "predict"
    logged: ModelInfo = mlflow.sklearn.log_model(
        model,
        name="model",
        serialization_format="skops",
        skops_trusted_types=list(record["trusted_types"]),
        # MLflow would else import the model in a process of its own to guess them
        pip_requirements=_requirements(model, record["estimator"]),
        pyfunc_predict_fn=predict,
        signature=_signature(model, predict, example),
        extra_files=beside,
    )
    return logged


def _register(registered_model: str, logged: ModelInfo, tags: dict[str, str]) -> int:
    """Make a logged model the next version, and give its number."""
    client = MlflowClient()
    if not client.search_registered_models(f"name = '{registered_model}'", max_results=1):
        client.create_registered_model(registered_model)
    created = client.create_model_version(
        registered_model,
        source=logged.model_uri,
        run_id=logged.run_id,
        tags=tags,
        model_id=logged.model_id,
    )
    return int(created.version)


def _requirements(model: Pipeline, estimator: str) -> list[str]:
    """Pin the packages that the model's classes come from, a user's own among them."""
    held = {type(part).__module__ for part in model.get_params(deep=True).values()}
    modules = {*MODULES, *MODULES_OF.get(estimator, ()), *(name.split(".")[0] for name in held)}
    # a package in development lists no modules
    known = {__name__.split(".")[0]: [DISTRIBUTION]} | dict(packages_distributions())
    names = sorted({known[module][0] for module in modules if module in known})
    # what follows a plus sign names a build, which a package index does not know
    return [f"{name}=={Version(installed_version(name)).public}" for name in names]


def _signature(model: Pipeline, predict: str, example: pd.DataFrame) -> ModelSignature:
    with warnings.catch_warnings():
        # whole numbers may be missing in new rows; that is the preprocessing's to deal with
        warnings.filterwarnings("ignore", "Hint: Inferred schema contains integer column")
        return infer_signature(example, getattr(model, predict)(example))
