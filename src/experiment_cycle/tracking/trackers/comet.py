"""Comet as a tracker: online where a key is set, else into files for a later upload."""

from __future__ import annotations

import os
import sys
import zipfile
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from experiment_cycle.errors import BackendError
from experiment_cycle.tracking.contract import RunDescription
from experiment_cycle.tracking.entries import MetricPoint, Status
from experiment_cycle.tracking.trackers.hosted import HostedTracker
from experiment_cycle.tracking.trackers.sent import SentPoints
from experiment_cycle.tracking.translation import CUT

TAG = "tag."
STATUS = "status"
DESCRIPTION = "description"
LONGEST = 1000
"""Characters of a parameter, as many as Comet takes."""
UPLOADED = ".uploaded"
"""Ending of the file that says that an archive was uploaded."""
NOTHING_OF_ITS_OWN = {
    "log_code": False,
    "log_graph": False,
    "parse_args": False,
    "log_git_metadata": False,
    "log_git_patch": False,
    "log_env_details": False,
    "auto_param_logging": False,
    "auto_metric_logging": False,
    "auto_output_logging": "",
    "auto_log_co2": False,
    "display_summary_level": 0,
}
"""Comet records by itself what nobody asked for, the machine's name among it."""


class CometTracker(HostedTracker):
    """Keeps a run as an experiment of Comet's, under the cycle's id.

    Parameters are its parameters, points its metrics with their steps, tags its other values as
    `tag.<name>`, because they can be changed; the status is the other value `status`.
    """

    BLOCK, TITLE = "comet", "Comet"

    def __init__(
        self, options: Mapping[str, Any], credentials: Mapping[str, Any], folder: Path
    ) -> None:
        """Keep runs as the options say; see `CometOptions`."""
        super().__init__(options, credentials)
        self._archives = folder / "offline"
        self._sent = SentPoints(folder / "sent.txt")
        self._experiment: Any = None
        # an error of the package's would be reported to its makers, even offline
        os.environ["COMET_ERROR_TRACKING_ENABLE"] = "0"
        os.environ["COMET_LOGGING_CONSOLE"] = "error"
        if self._server:
            os.environ["COMET_URL_OVERRIDE"] = self._server

    def open(self, run: RunDescription, *, resumed: bool) -> str:
        """Begin an experiment, or go on with it.

        Raises:
            BackendError: it is to be online, and there is no key.
        """
        key = self._demand_key() if self._online else None
        import comet_ml  # noqa: PLC0415 - takes four seconds

        self._archives.mkdir(parents=True, exist_ok=True)
        self._experiment = comet_ml.start(
            api_key=key,
            workspace=self._options["workspace"],
            project_name=self._options["project"] or run.experiment,
            experiment_key=run.run_id,
            mode="get_or_create",
            online=self._online,
            experiment_config=comet_ml.ExperimentConfig(
                offline_directory=str(self._archives), **NOTHING_OF_ITS_OWN
            ),
        )
        self._experiment.set_name(run.name)
        self._experiment.log_other(DESCRIPTION, run.description)
        return str(self._experiment.url) if self._online else str(self._archives)

    def log_parameters(self, values: Mapping[str, str]) -> None:
        """Keep parameters; what is longer than Comet takes is cut, and says so."""
        cut = {
            name: text if len(text) <= LONGEST else text[: LONGEST - len(CUT)] + CUT
            for name, text in values.items()
        }
        self._experiment.log_parameters(cut)

    def log_metrics(self, points: Sequence[MetricPoint]) -> None:
        """Keep points that were not sent yet."""
        new = self._sent.new(points)
        for step, row in groupby(new, key=lambda point: point.step):
            self._experiment.log_metrics({p.name: p.value for p in row}, step=step)
        self._sent.note(new)

    def log_tags(self, values: Mapping[str, str]) -> None:
        """Keep tags; a later value takes the place of an earlier one."""
        for name, value in values.items():
            self._experiment.log_other(f"{TAG}{name}", value)

    def log_artifact(self, file: Path, path: str) -> None:
        """Keep a file, or all files of a folder, as assets."""
        files = sorted(each for each in file.rglob("*") if each.is_file())
        named = {each: f"{path}/{each.relative_to(file).as_posix()}" for each in files}
        for each, name in (named or {file: path}).items():
            # copied at once: a later stage may write over it before it is sent
            self._experiment.log_asset(str(each), file_name=name, overwrite=True, copy_to_tmp=True)

    def close(self, status: Status) -> None:
        """End the experiment, once everything is written or sent.

        Raises:
            BackendError: not everything was.
        """
        self._experiment.log_other(STATUS, status)
        whole = self._experiment.end()
        if self._online and whole is False:
            raise BackendError("Comet did not take everything before the end")
        if not self._online and not all(map(_is_whole, self._archives.glob("*.zip"))):
            raise BackendError(f"Comet did not write its archive to {self._archives}")
        self._sent.keep()

    def upload(self, run: RunDescription) -> str:
        """Send the archives with `comet upload`, the oldest first, each once.

        Raises:
            BackendError: there is no key, or the server does not take them.
        """
        command = str(Path(sys.executable).with_name("comet"))
        archives = sorted(self._archives.glob("*.zip"), key=lambda file: file.stat().st_mtime)
        for archive in archives:
            marker = archive.with_suffix(UPLOADED)
            if not marker.exists():
                self._upload_by([command, "upload", str(archive)], {})
                marker.touch()
        workspace = self._options["workspace"] or "your workspace"
        return f"{workspace}/{self._options['project'] or run.experiment}/{run.run_id}"


def _is_whole(archive: Path) -> bool:
    """Tell a finished archive from the empty one that the package begins with."""
    with zipfile.ZipFile(archive) as opened:
        return "messages.json" in opened.namelist()
