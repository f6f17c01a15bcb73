"""Weights & Biases as a tracker: online where a key is set, else into files for a later upload."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from experiment_cycle.tracking.contract import RunDescription
from experiment_cycle.tracking.entries import MetricPoint, Status
from experiment_cycle.tracking.trackers.hosted import HostedTracker
from experiment_cycle.tracking.trackers.sent import SentPoints

STEP = "step"
"""The x-axis of everything that is measured by step."""
TAG = "tag."
STATUS = "status"
EXIT_CODES: dict[Status, int] = {"finished": 0, "failed": 1, "killed": 137}
FOLDERS = ("WANDB_DIR", "WANDB_DATA_DIR", "WANDB_CACHE_DIR", "WANDB_CONFIG_DIR")


class WandbTracker(HostedTracker):
    """Keeps a run in a project of Weights & Biases, under the cycle's id.

    Parameters are its configuration, and so are tags, as `tag.<name>`, because they can be
    changed. What is measured by step is its history; a value without steps is in its summary, as a
    chart of one point tells nobody anything. Artifacts are files of the run.
    """

    BLOCK, TITLE = "wandb", "W&B"

    def __init__(
        self, options: Mapping[str, Any], credentials: Mapping[str, Any], folder: Path
    ) -> None:
        """Keep runs as the options say; see `WandbOptions`."""
        super().__init__(options, credentials)
        self._folder = folder
        self._sent = SentPoints(folder / "sent.txt")
        self._run: Any = None
        self._wandb: Any = None
        # else it writes into the user's home
        os.environ.update(dict.fromkeys(FOLDERS, str(folder)))

    def open(self, run: RunDescription, *, resumed: bool) -> str:
        """Begin a run, or go on with it.

        Raises:
            BackendError: it is to be online, and there is no key.
        """
        key = self._demand_key() if self._online else None
        from experiment_cycle.wandb_sdk import quiet_settings, wandb  # noqa: PLC0415

        settings = quiet_settings()
        if key is not None:
            settings.api_key = key
        if self._server:
            settings.base_url = self._server
        self._wandb = wandb
        # a server that does not answer is given up, the journal keeps what it would have got
        settings.init_timeout = 30.0
        settings.x_graphql_retry_max = 3
        settings.x_file_stream_retry_max = 3
        settings.x_file_transfer_retry_max = 3
        self._run = wandb.init(
            mode="online" if self._online else "offline",
            dir=str(self._folder),
            entity=self._options["entity"],
            project=self._options["project"] or run.experiment,
            id=run.run_id,
            name=run.name,
            notes=run.description,
            resume="allow" if self._online else None,
            reinit="create_new",
            settings=settings,
        )
        self._run.define_metric(STEP, hidden=True)
        self._run.define_metric("*", step_metric=STEP)
        return str(self._run.url) if self._online else str(self._folder / "wandb")

    def log_parameters(self, values: Mapping[str, str]) -> None:
        """Add to the configuration."""
        self._run.config.update(dict(values), allow_val_change=True)

    def log_metrics(self, points: Sequence[MetricPoint]) -> None:
        """Add rows to the history, and values without steps to the summary."""
        self._run.summary.update({p.name: p.value for p in points if p.step == 0})
        new = self._sent.new([point for point in points if point.step > 0])
        for step, row in groupby(new, key=lambda point: point.step):
            self._run.log({point.name: point.value for point in row} | {STEP: step})
        self._sent.note(new)

    def log_tags(self, values: Mapping[str, str]) -> None:
        """Add to the configuration, where a later value takes the place of an earlier one."""
        named = {f"{TAG}{name}": value for name, value in values.items()}
        self._run.config.update(named, allow_val_change=True)

    def log_artifact(self, file: Path, path: str) -> None:
        """Add a file, or all files of a folder, to the files of the run."""
        base = self._folder / "files"
        target = base / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.is_dir():
            shutil.copytree(file, target, dirs_exist_ok=True)
        else:
            shutil.copyfile(file, target)
        for each in sorted(target.rglob("*")) if target.is_dir() else [target]:
            if each.is_file():
                self._run.save(str(each), base_path=str(base), policy="now")

    def close(self, status: Status) -> None:
        """End the run, once everything is written or sent."""
        self._run.summary[STATUS] = status
        self._run.finish(exit_code=EXIT_CODES[status])
        # the package's own process may still be writing: it ends once it has
        self._wandb.teardown()
        self._sent.keep()
        shutil.rmtree(self._folder / "files", ignore_errors=True)

    def upload(self, run: RunDescription) -> str:
        """Send the offline runs with `wandb sync`, which passes over what it has sent.

        Raises:
            BackendError: there is no key, or the server does not take them.
        """
        runs = sorted(str(path) for path in (self._folder / "wandb").glob("offline-run-*"))
        server = {"WANDB_BASE_URL": self._server} if self._server else {}
        self._upload_by([sys.executable, "-m", "wandb", "sync", "--yes", *runs], server)
        entity = self._options["entity"] or "your entity"
        return f"{entity}/{self._options['project'] or run.experiment}/{run.run_id}"
