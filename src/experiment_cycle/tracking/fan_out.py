"""Gives what is recorded to every tracker, without ever standing in the run's way.

A record is appended to the journal, which is all that the run waits for. One process for each
tracker takes the journal there; see `delivery`.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from experiment_cycle.errors import ConfigurationError
from experiment_cycle.tracking.contract import RunDescription
from experiment_cycle.tracking.delivery import Order
from experiment_cycle.tracking.entries import Begun, Ended, Entry, Status
from experiment_cycle.tracking.files import KeptArtifacts
from experiment_cycle.tracking.journal import Journal
from experiment_cycle.tracking.options import TrackingOptions

logger = logging.getLogger(__name__)

SYNC = "kedro cycle sync"
LOOK_SECONDS = 0.05


class FanOut:
    """Feeds the trackers of one command, from its beginning to its end."""

    def __init__(
        self,
        folder: Path,
        project: Path,
        options: TrackingOptions,
        credentials: Mapping[str, Any],
        kept: KeptArtifacts | None,
    ) -> None:
        """Prepare; nothing is started yet.

        Args:
            folder: Of this run's journal.
            project: The project's folder.
            options: Which trackers, and their settings.
            credentials: A block for each tracker that needs one.
            kept: Where MLflow keeps the run's artifacts.
        """
        self.journal = Journal(folder)
        self._project = project
        self._options = options
        self._credentials = credentials
        self._kept = kept
        self._lock = FileLock(self.journal.lock_file, timeout=0)
        self._deliveries: dict[str, subprocess.Popen[str]] = {}
        self._reported: set[str] = set()

    @property
    def has_others(self) -> bool:
        """Tell whether there are trackers besides MLflow."""
        return bool(self._options.others)

    def begin(self, run: RunDescription, milliseconds: int) -> None:
        """Open the journal and start a delivery to each tracker.

        Raises:
            ConfigurationError: another command writes into the same record at this moment.
        """
        self.journal.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except Timeout as error:
            raise ConfigurationError(
                f"Another command writes into the record {run.run_id} at this moment. Next step: "
                "wait for its end."
            ) from error
        self.journal.describe(run)
        self.journal.append(Begun(milliseconds=milliseconds))
        for name in self._options.others:
            self._deliveries[name] = start_delivery(self._order(name))

    def record(self, entry: Entry) -> None:
        """Record an entry: in the journal at once, with the trackers a moment later."""
        self.journal.append(entry)
        self._report_failed()

    def mark_behind(self, tracker: str, reason: str) -> None:
        """Note that a tracker that is not fed from here lacks what was recorded."""
        receipt = self.journal.receipt(tracker).model_copy(update={"failure": reason})
        self.journal.keep_receipt(tracker, receipt)

    def end(self, status: Status, milliseconds: int) -> None:
        """End the record, and wait for the trackers as long as the options say."""
        self.journal.append(Ended(status=status, milliseconds=milliseconds))
        self.journal.close()
        for process in self._deliveries.values():
            _close_input(process)
        deadline = time.monotonic() + self._options.patience_seconds
        while any(p.poll() is None for p in self._deliveries.values()):
            if time.monotonic() > deadline:
                break
            time.sleep(LOOK_SECONDS)
        self._report_failed()
        self._report_slow()
        self._lock.release()

    def references(self) -> dict[str, str]:
        """Tell where each tracker keeps the record: an address or a folder."""
        found = {name: self.journal.receipt(name).reference for name in self._deliveries}
        return {name: reference for name, reference in found.items() if reference}

    def _order(self, tracker: str) -> Order:
        return Order(
            folder=self.journal.folder,
            project=self._project,
            tracker=tracker,
            options=self._options.of(tracker),
            credentials=dict(self._credentials.get(tracker) or {}),
            kept=self._kept,
        )

    def _report_failed(self) -> None:
        for name, process in self._deliveries.items():
            if process.poll() in {None, 0} or name in self._reported:
                continue
            self._reported.add(name)
            reason = (
                self.journal.receipt(name).failure or f"its process ended with {process.poll()}"
            )
            then = "" if "Next step" in reason else " Next step: see that it can be reached."
            logger.warning(
                "The tracker '%s' takes no more of this run: %s. The run goes on, and nothing is "
                "lost.%s What is missing is delivered by: %s",
                *(name, reason.rstrip("."), then, SYNC),
            )

    def _report_slow(self) -> None:
        for name, process in self._deliveries.items():
            if process.poll() is not None:
                continue
            process.kill()
            process.wait()
            logger.warning(
                "The tracker '%s' had not taken all of this run after %g seconds "
                "(patience_seconds in tracking.yml). Nothing is lost. Next step: %s",
                *(name, self._options.patience_seconds, SYNC),
            )


def start_delivery(order: Order) -> subprocess.Popen[str]:
    """Start the process that takes a journal to one tracker; it ends after its input is closed."""
    process = subprocess.Popen(
        # not a module of this process: the delivery shares nothing with the run
        [sys.executable, "-m", "experiment_cycle.tracking.delivery"],
        cwd=order.project,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        # Ctrl-C is for the run; the delivery ends when the run closes its input
        start_new_session=True,
    )
    with suppress(OSError):  # it ended before it read: that is reported like any other failure
        if process.stdin is not None:
            process.stdin.write(order.model_dump_json() + "\n")
            process.stdin.flush()
    return process


@contextmanager
def unless_written(journal: Journal) -> Iterator[bool]:
    """Hold a journal against commands that would write; gives False where one does already."""
    lock = FileLock(journal.lock_file, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def journals(folder: Path) -> Iterable[Journal]:
    """Find the journals of all runs, the oldest first."""
    found = [path for path in folder.glob("*") if (path / "run.json").is_file()]
    return [Journal(path) for path in sorted(found, key=lambda path: _begun(Journal(path)))]


def _begun(journal: Journal) -> int:
    for entry, _ in journal.entries():
        if isinstance(entry, Begun):
            return entry.milliseconds
    return 0


def _close_input(process: subprocess.Popen[str]) -> None:
    with suppress(OSError):  # it has ended already
        if process.stdin is not None:
            process.stdin.close()
