"""All that is recorded of one command while it runs, from its beginning to its end."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import mlflow
import yaml
from mlflow.entities import RunInfo

from experiment_cycle.hypothesis import Hypothesis
from experiment_cycle.live_metrics import listen, stop_listening
from experiment_cycle.options import fingerprint
from experiment_cycle.replacing import replacing
from experiment_cycle.tracking.contract import RunDescription
from experiment_cycle.tracking.entries import Metrics, Status
from experiment_cycle.tracking.fan_out import FanOut
from experiment_cycle.tracking.files import KeptArtifacts, content_of
from experiment_cycle.tracking.left_running import PROCESS, this_process
from experiment_cycle.tracking.live import LiveMetrics
from experiment_cycle.tracking.record import name_dataset
from experiment_cycle.tracking.recorder import Recorder
from experiment_cycle.tracking.run_log import LOG_FILE, RunLog
from experiment_cycle.tracking.settings import TrackingSettings
from experiment_cycle.tracking.system_metrics import SystemMetrics
from experiment_cycle.tracking.translation import CONTENTS, entry_of, parameters_of, tags_of

logger = logging.getLogger(__name__)

CONFIGURATION_FILE = Path("data/08_reporting/configuration.yml")
JOURNALS = Path("data/08_reporting/tracking")
FILES = {"artifact", "figure", "table"}
"""Marks of datasets whose file is recorded as it is, under `artifacts/`, `figures/`, `tables/`."""
MARKS = FILES | set(CONTENTS)
"""All marks that a catalog entry may have under `metadata.experiment_cycle.log`."""


class CommandRecord:
    """Writes the record of one command, with its log, its live metrics and the machine's."""

    def __init__(
        self,
        run: RunInfo,
        experiment: str,
        hypothesis: Hypothesis,
        project: Path,
        settings: TrackingSettings,
    ) -> None:
        """Begin the record, which MLflow has already, with all trackers.

        Args:
            run: MLflow's.
            experiment: Name of the experiment, or project.
            hypothesis: What the run is about.
            project: The project's folder.
            settings: Which trackers, and what they need.
        """
        self._hypothesis = hypothesis
        self._project = project
        self._secrets = settings.secrets
        described = RunDescription(
            run_id=run.run_id,
            experiment=experiment,
            name=str(run.run_name),
            description=hypothesis.statement,
        )
        fan_out = FanOut(
            project / JOURNALS / run.run_id,
            project,
            settings.options,
            settings.credentials,
            KeptArtifacts(artifacts=str(run.artifact_uri), store=mlflow.get_tracking_uri()),
        )
        self.run_id = str(run.run_id)
        self._log = RunLog(project / LOG_FILE, settings.secrets)
        self._log.open()
        self._recorder = Recorder(described, project, fan_out, settings.secrets)
        self._recorder.record(tags_of({PROCESS: this_process()}))
        self._live = LiveMetrics(self._recorder.record)
        listen(self._live.take)
        self._system: SystemMetrics | None = None
        if settings.options.system_metrics_seconds is not None:
            seconds = settings.options.system_metrics_seconds
            self._system = SystemMetrics(self._recorder.record, seconds, project)
            self._system.start()

    def record_configuration(self, parameters: dict[str, Any], parent: str | None) -> None:
        """Record all parameters, and of which cycle this is the next.

        Args:
            parameters: All of them, typed.
            parent: The cycle whose results are built on; None where there is none.
        """
        plain = self._secrets.hide_in(parameters)
        self._recorder.record(parameters_of(plain))
        file = self._project / CONFIGURATION_FILE
        with replacing(file) as unfinished:
            text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)
            unfinished.write_text(text, encoding="utf-8")
        self._recorder.record_file(file, file.name)
        told = {
            "cycle_id": self.run_id,
            "parent_cycle_id": parent,
            "hypothesis_id": self._hypothesis.id,
            "hypothesis_hash": fingerprint(self._hypothesis),
            "configuration_hash": content_of(file),
            "mlflow.note.content": self._hypothesis.statement,
        }
        self._recorder.record(tags_of(told))

    def record_dataset(self, name: str, dataset: Any, data: Any = None) -> None:
        """Record a dataset as its catalog entry says.

        Args:
            name: The entry's name.
            dataset: The dataset.
            data: What was saved; None: it is loaded where it is needed.
        """
        marks = (getattr(dataset, "metadata", None) or {}).get("experiment_cycle") or {}
        mark = marks.get("log")
        if is_artifact(dataset):
            self._recorder.record_file(*place_of(dataset))
        elif mark in FILES:
            file = _file_of(dataset)
            self._recorder.record_file(file, f"{mark}s/{name}{file.suffix}")
        if mark is not None and mark not in FILES:
            self._record_content(mark, name, dataset.load() if data is None else data)

    def _record_content(self, mark: str, name: str, data: Any) -> None:
        if mark == "dataset":
            name_dataset(data)
        entry = entry_of(mark, name, data)
        if mark == "history" and isinstance(entry, Metrics):
            entry = self._live.rest_of(entry)
        if entry is not None:
            self._recorder.record(entry)

    def end(self, ending: str, status: Status, error: BaseException | None = None) -> None:
        """End the record.

        Args:
            ending: How the command ended, in a word or two; for the log.
            status: The same for the trackers.
            error: What ended it.
        """
        stop_listening(self._live.take)
        self._live.flush()
        if self._system is not None:
            self._system.stop()
        log = self._log.close(ending, error)
        if log is not None:
            self._recorder.record_file(*log)
        for tracker, reference in self._recorder.end(status).items():
            logger.info("%s keeps the record: %s", tracker, reference)


def is_artifact(dataset: Any) -> bool:
    """Tell whether a catalog entry is wrapped as an artifact of the run that is recorded."""
    return hasattr(dataset, "artifact_path") and getattr(dataset, "run_id", None) is None


def place_of(dataset: Any) -> tuple[Path, str]:
    """Name the file, or the folder, of such an entry, and its path in the record."""
    file, folder = _file_of(dataset), dataset.artifact_path
    return file, f"{folder}/{file.name}" if folder else file.name


def _file_of(dataset: Any) -> Path:
    """Name the file, or the folder, of a dataset."""
    return Path(str(getattr(dataset, "_filepath", None) or dataset._path))
