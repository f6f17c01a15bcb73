"""The record in MLflow, which is always kept; the run itself is kedro-mlflow's to open."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from mlflow.entities import Metric, Param, RunStatus, RunTag
from mlflow.tracking import MlflowClient
from mlflow.utils.validation import MAX_METRICS_PER_BATCH, MAX_PARAMS_TAGS_PER_BATCH

from experiment_cycle.tracking.contract import RunDescription
from experiment_cycle.tracking.entries import MetricPoint, Status

Item = TypeVar("Item")
STATUS: dict[Status, str] = {"finished": "FINISHED", "failed": "FAILED", "killed": "KILLED"}


class MlflowTracker:
    """Writes into one run of an MLflow store. Its options are `store`, the store's address."""

    def __init__(
        self, options: Mapping[str, Any], credentials: Mapping[str, Any], folder: Path
    ) -> None:
        """Write to the store that the options name, or the one that is set up in this process."""
        self._client = MlflowClient(tracking_uri=options.get("store"))
        self._run_id = ""

    def open(self, run: RunDescription, *, resumed: bool) -> str:
        """Attach to the run, which is there already."""
        self._run_id = run.run_id
        return str(self._client.get_run(run.run_id).info.artifact_uri)

    def log_parameters(self, values: Mapping[str, str]) -> None:
        """Write parameters in batches."""
        params = [Param(name, value) for name, value in values.items()]
        for batch in _batches(params, MAX_PARAMS_TAGS_PER_BATCH):
            self._client.log_batch(self._run_id, params=batch)

    def log_metrics(self, points: Sequence[MetricPoint]) -> None:
        """Write points in batches; one that is there already changes nothing."""
        metrics = [Metric(p.name, p.value, p.milliseconds, p.step) for p in points]
        for batch in _batches(metrics, MAX_METRICS_PER_BATCH):
            self._client.log_batch(self._run_id, metrics=batch)

    def log_tags(self, values: Mapping[str, str]) -> None:
        """Write tags in batches."""
        tags = [RunTag(name, value) for name, value in values.items()]
        for batch in _batches(tags, MAX_PARAMS_TAGS_PER_BATCH):
            self._client.log_batch(self._run_id, tags=batch)

    def log_artifact(self, file: Path, path: str) -> None:
        """Copy a file into the folder of its name."""
        if file.is_dir():
            self._client.log_artifacts(self._run_id, str(file), path)
            return
        name = PurePosixPath(path)
        folder = None if str(name.parent) == "." else str(name.parent)
        with TemporaryDirectory() as renamed:
            # MLflow keeps a file's own name
            if file.name != name.name:
                file = Path(shutil.copyfile(file, Path(renamed, name.name)))
            self._client.log_artifact(self._run_id, str(file), folder)

    def close(self, status: Status) -> None:
        """End the run."""
        if self._client.get_run(self._run_id).info.status != STATUS[status]:
            self._client.set_terminated(self._run_id, STATUS[status])

    def is_running(self) -> bool:
        """Tell whether the run counts as running."""
        found = self._client.get_run(self._run_id).info.status
        return RunStatus.from_string(found) == RunStatus.RUNNING


def _batches(items: list[Item], size: int) -> Iterator[list[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
