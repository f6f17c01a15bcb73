"""One command at a time writes into a project: its files under data/ are the same for all."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import AwareDatetime

from experiment_cycle.errors import ConfigurationError
from experiment_cycle.options import Record
from experiment_cycle.replacing import replacing
from experiment_cycle.tracking.left_running import is_gone, this_process

logger = logging.getLogger(__name__)

LOCK = Path("data/08_reporting/.run.lock")
HOLDER = Path("data/08_reporting/.run.holder.json")
WAIT = "EXPERIMENT_CYCLE_WAIT"
"""The environment variable that says how many seconds to wait for another command's end."""
LOOK_SECONDS = 0.2


class Holder(Record):
    """Who writes into the project: which command, in which process, since when.

    Attributes:
        command: Such as kedro run.
        pid: The number of its process.
        process: Its name, which is not given anew; see `left_running`.
        since: When it began.
    """

    command: str
    pid: int
    process: str
    since: AwareDatetime


class ProjectLock:
    """Held by the one command that writes into a project.

    The system frees it when the process ends, however it ends; nothing has to be removed by hand.

    Args:
        project: The project's folder.
    """

    def __init__(self, project: Path) -> None:
        self._file = project / LOCK
        self._holder = project / HOLDER
        # a run may begin in one thread and end in another
        self._lock = FileLock(self._file, thread_local=False)

    def acquire(self, command: str) -> None:
        """Take the lock, after waiting as long as `EXPERIMENT_CYCLE_WAIT` says; if unset, at once.

        Args:
            command: What is going to write, such as kedro run.

        Raises:
            ConfigurationError: another command writes into the project, or the folder cannot be
                written to.
        """
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._wait()
            with replacing(self._holder) as unfinished:
                unfinished.write_text(_this(command).model_dump_json(), encoding="utf-8")
        except Timeout as error:
            raise _taken(self.holder()) from error
        except OSError as error:
            self.release()
            raise ConfigurationError(
                f"The folder {self._file.parent} cannot be written to: {error.strerror or error}. "
                "Next step: see that it may be written to, and that the disk has room."
            ) from error

    def _wait(self) -> None:
        patience = _patience()
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            if not patience:
                raise
            logger.info("Waiting up to %g seconds: %s", patience, _taken_by(self.holder()))
            self._lock.acquire(timeout=patience, poll_interval=LOOK_SECONDS)

    def release(self) -> None:
        """Free the lock; nothing happens where it is not held."""
        if self._lock.is_locked:
            with suppress(OSError):
                self._holder.unlink(missing_ok=True)
        self._lock.release(force=True)

    def holder(self) -> Holder | None:
        """Tell who has the lock; None where that is not known."""
        try:
            found = Holder.model_validate_json(self._holder.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        # a killed process leaves its note; the next one has the lock a moment before it writes its
        return None if is_gone(found.process) else found


def _this(command: str) -> Holder:
    now = datetime.now(UTC).replace(microsecond=0)
    return Holder(command=command, pid=os.getpid(), process=this_process(), since=now)


def _patience() -> float:
    asked = os.environ.get(WAIT, "0")
    try:
        seconds = float(asked)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise ConfigurationError(
            f"The environment variable {WAIT} is '{asked}'. Allowed: a number of seconds, 0 or "
            f"more. Next step: {WAIT}=3600, for instance."
        )
    return seconds


def _taken(holder: Holder | None) -> ConfigurationError:
    return ConfigurationError(
        f"{_taken_by(holder)} Both would write the same files under data/. Next step: wait for its "
        f"end, then run again; or let this command wait for it: {WAIT}=3600 is an hour. To run two "
        "at the same time, give each a copy of the project."
    )


def _taken_by(holder: Holder | None) -> str:
    who = ""
    if holder is not None:
        since = f"{holder.since:%Y-%m-%d %H:%M:%S} UTC"
        who = f" ({holder.command}, process {holder.pid}, since {since})"
    return f"Another command is writing into this project{who}."
