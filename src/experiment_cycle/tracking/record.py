"""Write to, and read back from, the MLflow run that is the record of the present cycle."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
from mlflow.entities import Metric, Param, RunTag
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.tracking import MlflowClient
from mlflow.utils.validation import MAX_PARAM_VAL_LENGTH, MAX_PARAMS_TAGS_PER_BATCH

from experiment_cycle.errors import IntegrityError

MAX_METRICS_PER_BATCH = 1000
CUT = " … (whole value: configuration.json)"


def flatten(tree: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each leaf of nested dicts with its dotted path; lists are leaves."""
    if isinstance(tree, dict) and tree:
        for key, value in tree.items():
            yield from flatten(value, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, tree


def as_text(value: Any) -> str:
    """Write a parameter's value as MLflow compares it: plain for scalars, JSON for lists."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def record_parameters(parameters: dict[str, Any]) -> None:
    """Record every leaf as a parameter of its own, and the whole as `configuration.json`."""
    entries = []
    for name, value in flatten(parameters):
        text = as_text(value)
        if len(text) > MAX_PARAM_VAL_LENGTH:
            text = text[: MAX_PARAM_VAL_LENGTH - len(CUT)] + CUT
        entries.append(Param(name, text))
    run_id = _active_run_id()
    for start in range(0, len(entries), MAX_PARAMS_TAGS_PER_BATCH):
        batch = entries[start : start + MAX_PARAMS_TAGS_PER_BATCH]
        MlflowClient().log_batch(run_id, params=batch)
    mlflow.log_dict(parameters, "configuration.json")


def record_metrics(tree: dict[str, Any], prefix: str) -> None:
    """Record every finite number of a tree in one batch; a leaf `value` takes its parent's name."""
    now = _milliseconds()
    metrics = [
        Metric(_name(f"{prefix}.{path}".strip(".").removesuffix(".value")), float(value), now, 0)
        for path, value in flatten(tree)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    ]
    _log_metrics(metrics)


def _name(name: str) -> str:
    """Leave out of a metric's name what MLflow does not take, such as the > of a class >50K."""
    return re.sub(r"[^/\w.\- :]", "_", name)


def record_history(history: dict[str, Any]) -> None:
    """Record the curves of a training history with the boosting round or epoch as step."""
    now = _milliseconds()
    _log_metrics(
        [
            Metric(f"{part}.{name}.by_step", float(value), now, step)
            for part in ("train", "validation")
            for name, values in history[part].items()
            for step, value in enumerate(values, start=1)
            if value is not None and math.isfinite(value)
        ]
    )


def record_validation(report: dict[str, Any]) -> None:
    """Record the metrics of a validation report, and of each how it varies over the seeds."""
    tree: dict[str, Any] = {name: {"value": value} for name, value in report["metrics"].items()}
    for seeds in report["seeds"]:
        parts = ("mean", "standard_deviation", "worst")
        tree[seeds["metric"]]["seeds"] = {part: seeds[part] for part in parts}
    record_metrics(tree, prefix="validation")


def record_tags(tags: dict[str, Any]) -> None:
    """Record short values as tags; what is None or long is left to the artifacts."""
    entries = [
        RunTag(name, as_text(value))
        for name, value in tags.items()
        if value is not None and len(as_text(value)) <= MAX_PARAM_VAL_LENGTH
    ]
    MlflowClient().log_batch(_active_run_id(), tags=entries)


def record_dataset_version(version: dict[str, Any]) -> None:
    """Record a dataset version as the run's input dataset, under our content hash."""
    from mlflow.data.code_dataset_source import CodeDatasetSource  # noqa: PLC0415
    from mlflow.data.meta_dataset import MetaDataset  # noqa: PLC0415

    source = CodeDatasetSource({key: version[key] for key in ("backend", "id", "pointer")})
    # MLflow takes at most 36 characters; the whole hash is a tag
    digest = version["content_hash"][:36]
    dataset = MetaDataset(source, name="dataset", digest=digest)  # type: ignore[abstract]
    mlflow.log_input(dataset, context="cycle")
    # the hash of each column is in the artifact
    plain = {key: value for key, value in version.items() if not isinstance(value, dict)}
    record_tags({f"dataset.{key}": value for key, value in plain.items()})


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


def read_back(path: str) -> bytes:
    """Read one artifact of the active run back from the store.

    Raises:
        IntegrityError: no run is active, or it has no such artifact.
    """
    run = mlflow.active_run()
    if run is None:
        raise IntegrityError(f"Cannot read '{path}' back: no MLflow run is active.")
    try:
        local = mlflow.artifacts.download_artifacts(f"{run.info.artifact_uri}/{path}")
    except (mlflow.MlflowException, OSError) as error:
        raise IntegrityError(
            f"MLflow run {run.info.run_id} does not give back its artifact '{path}': {error}"
        ) from error
    return Path(local).read_bytes()


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000


def _active_run_id() -> str:
    run = mlflow.active_run()
    if run is None:
        raise IntegrityError("Nothing can be recorded: no MLflow run is active.")
    return str(run.info.run_id)


def _log_metrics(metrics: list[Metric]) -> None:
    run_id = _active_run_id()
    for start in range(0, len(metrics), MAX_METRICS_PER_BATCH):
        MlflowClient().log_batch(run_id, metrics=metrics[start : start + MAX_METRICS_PER_BATCH])
