"""Neptune as a tracker: its client writes to files; there is no service any more to send them to.

Neptune ended its service on 5 March 2026. What is written here can be read back from the client's
SQLite file, and from nowhere else.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from experiment_cycle.tracking.contract import RunDescription
from experiment_cycle.tracking.entries import MetricPoint, Status
from experiment_cycle.tracking.trackers.sent import SentPoints

PARAMETERS, METRICS, TAGS, ARTIFACTS = "parameters/", "metrics/", "tags/", "artifacts/"
STATUS = "sys/custom_status"
DESCRIPTION = "description"


class NeptuneTracker:
    """Keeps a run in a folder, as Neptune's client does without its service.

    Parameters and tags are configs, points series, artifacts copies of the files beside the
    client's database.
    """

    def __init__(
        self, options: Mapping[str, Any], credentials: Mapping[str, Any], folder: Path
    ) -> None:
        """Keep runs in `folder`; see `NeptuneOptions`."""
        self._options = options
        self._folder = folder
        self._sent = SentPoints(folder / "sent.txt")
        self._run: Any = None

    def open(self, run: RunDescription, *, resumed: bool) -> str:
        """Begin a run, or a further part of it."""
        # starts a process, which imports the main module of this one: not when imported
        from neptune_scale import Run  # noqa: PLC0415

        project = self._options["project"] or run.experiment
        self._run = Run(
            run_id=run.run_id,
            # the client demands the name of a workspace
            project=project if "/" in project else f"local/{project}",
            experiment_name=run.name,
            mode="offline",
            log_directory=str(self._folder),
            enable_console_log_capture=False,
            source_tracking_config=None,
        )
        self._run.log_configs({DESCRIPTION: run.description})
        return str(self._folder)

    def log_parameters(self, values: Mapping[str, str]) -> None:
        """Keep parameters."""
        self._run.log_configs({f"{PARAMETERS}{name}": value for name, value in values.items()})

    def log_metrics(self, points: Sequence[MetricPoint]) -> None:
        """Keep points that were not kept yet."""
        new = self._sent.new(points)
        for (step, moment), row in groupby(new, key=lambda p: (p.step, p.milliseconds)):
            self._run.log_metrics(
                {f"{METRICS}{point.name}": point.value for point in row},
                step=step,
                timestamp=datetime.fromtimestamp(moment / 1000, UTC),
            )
        self._sent.note(new)

    def log_tags(self, values: Mapping[str, str]) -> None:
        """Keep tags; a later value takes the place of an earlier one."""
        self._run.log_configs({f"{TAGS}{name}": value for name, value in values.items()})

    def log_artifact(self, file: Path, path: str) -> None:
        """Keep a copy of a file, or of a folder; the client notes only where a file lies."""
        target = self._folder / "files" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.is_dir():
            shutil.copytree(file, target, dirs_exist_ok=True)
        else:
            shutil.copyfile(file, target)
        copies = target.rglob("*") if target.is_dir() else [target]
        base = self._folder / "files"
        self._run.assign_files(
            {
                f"{ARTIFACTS}{copy.relative_to(base).as_posix()}": str(copy)
                for copy in sorted(copies)
                if copy.is_file()
            }
        )

    def close(self, status: Status) -> None:
        """End the run, once everything is written."""
        self._run.log_configs({STATUS: status})
        self._run.close()
        self._sent.keep()
