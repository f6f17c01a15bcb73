"""Writes the record of one command: into MLflow at once, and to all other trackers."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from experiment_cycle.tracking.contract import RunDescription
from experiment_cycle.tracking.entries import (
    Artifact,
    Entry,
    Metrics,
    Parameters,
    Status,
    Tags,
)
from experiment_cycle.tracking.fan_out import SYNC, FanOut
from experiment_cycle.tracking.files import artifact_of
from experiment_cycle.tracking.options import RECORD
from experiment_cycle.tracking.secrets import Secrets
from experiment_cycle.tracking.trackers.mlflow import MlflowTracker
from experiment_cycle.tracking.translation import milliseconds

logger = logging.getLogger(__name__)


class Recorder:
    """Takes entries, without secrets, and puts them everywhere."""

    def __init__(
        self, run: RunDescription, project: Path, fan_out: FanOut, secrets: Secrets
    ) -> None:
        """Write the record of `run`.

        Args:
            run: Whose record it is; MLflow has it already.
            project: The project's folder.
            fan_out: To the trackers besides MLflow; also keeps what MLflow does not take.
            secrets: What no tracker may see.
        """
        self._run = run
        self._project = project
        self._fan_out = fan_out
        self._secrets = secrets
        self._mlflow = MlflowTracker({}, {}, project)
        self._mlflow.open(run, resumed=True)
        self._mlflow_takes = True
        self._journaled = False
        if fan_out.has_others:
            self._begin_journal()

    def record(self, entry: Parameters | Metrics | Tags) -> None:
        """Record parameters, points or tags."""
        plain = self._without_secrets(entry)
        if isinstance(plain, Metrics) and not plain.points:
            return
        self._try_journal(plain)
        if self._mlflow_takes:
            self._try_mlflow(plain)

    def record_file(self, file: Path, path: str) -> None:
        """Record a file, or a folder, under the name `path`."""
        if self._mlflow_takes and not self._journaled:
            try:
                self._mlflow.log_artifact(file, path)
            except Exception as error:
                self._drop_mlflow(artifact_of(file, self._project, path), error)
            return
        entry = artifact_of(file, self._project, path)
        self._try_journal(entry)
        if self._mlflow_takes:
            self._try_mlflow(entry)

    def end(self, status: Status) -> dict[str, str]:
        """End the records of the trackers besides MLflow.

        Returns:
            Where each of them keeps it.
        """
        if not self._journaled:
            return {}
        try:
            self._fan_out.end(status, milliseconds())
        except OSError as error:
            self._drop_journal(error)
        return self._fan_out.references()

    def _without_secrets(self, entry: Parameters | Metrics | Tags) -> Parameters | Metrics | Tags:
        if isinstance(entry, Metrics):
            return entry
        return entry.model_copy(update={"values": self._secrets.hide_in(entry.values)})

    def _begin_journal(self) -> None:
        try:
            self._fan_out.begin(self._run, milliseconds())
            self._journaled = True
        except OSError as error:
            self._drop_journal(error)

    def _try_journal(self, entry: Entry) -> None:
        if self._journaled:
            try:
                self._fan_out.record(entry)
            except OSError as error:
                self._drop_journal(error)

    def _drop_journal(self, error: OSError) -> None:
        """Go on without the trackers besides MLflow where nothing can be kept for them."""
        self._journaled = False
        logger.warning(
            "The journal in %s cannot be written: %s. The trackers besides MLflow get no more of "
            "this run. Next step: see that the disk is not full and the folder is yours to write.",
            *(self._fan_out.journal.folder, error),
        )

    def _try_mlflow(self, entry: Entry) -> None:
        try:
            self._write_to_mlflow(entry)
        except Exception as error:
            self._drop_mlflow(entry, error)

    def _write_to_mlflow(self, entry: Any) -> None:
        if isinstance(entry, Parameters):
            self._mlflow.log_parameters(entry.values)
        elif isinstance(entry, Metrics):
            self._mlflow.log_metrics(entry.points)
        elif isinstance(entry, Tags):
            self._mlflow.log_tags(entry.values)
        elif isinstance(entry, Artifact):
            self._mlflow.log_artifact(self._project / entry.file, entry.path)

    def _drop_mlflow(self, entry: Entry, error: Exception) -> None:
        """Keep for later what MLflow does not take; the run goes on without it."""
        self._mlflow_takes = False
        reason = self._secrets.hide(" ".join(str(error).split()).rstrip("."))
        if not self._journaled:
            self._begin_journal()
            self._try_journal(entry)
        if self._journaled:
            self._fan_out.mark_behind(RECORD, reason)
        logger.warning(
            "MLflow takes no more of this run: %s. The run goes on; what is missing is kept. "
            "Next step: %s, once the store can be written.",
            *(reason, SYNC),
        )
