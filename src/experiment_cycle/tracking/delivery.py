"""Takes a journal to one tracker, in a process that does nothing else.

A tracker's SDK takes seconds to import, opens threads, waits for servers, and may hang or crash. In
a process of its own none of that touches the run, and `kedro cycle sync` is the same code.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any

from filelock import FileLock

from experiment_cycle.backends import load_backend
from experiment_cycle.errors import CycleError
from experiment_cycle.options import Record
from experiment_cycle.tracking.contract import OfflineTracker, Tracker
from experiment_cycle.tracking.entries import (
    Artifact,
    Begun,
    Ended,
    Entry,
    Metrics,
    Parameters,
    Status,
    Tags,
)
from experiment_cycle.tracking.files import KeptArtifacts, as_recorded
from experiment_cycle.tracking.journal import Journal, Receipt
from experiment_cycle.tracking.run_log import FOLDER as LOGS
from experiment_cycle.tracking.run_log import LOG_FILE
from experiment_cycle.tracking.secrets import Secrets

PAUSE_SECONDS = 0.2
FAMILY = "trackers"
GENTLY = 10
"""How much this process lets others go first."""
FAILED = 3
"""Exit code of a delivery whose tracker did not take everything."""


class Order(Record):
    """What a delivery is asked to do. It comes through standard input: it may hold secrets.

    Attributes:
        folder: The journal's.
        project: The project's folder, from which files are named.
        tracker: The tracker's name.
        options: Its block of `tracking.yml`.
        credentials: Its block of `credentials.yml`.
        kept: MLflow's copies of the run's artifacts, for files that were written over since.
        upload: Send what was kept offline to the tracker's service, once it has everything.
    """

    folder: Path
    project: Path
    tracker: str
    options: dict[str, Any]
    credentials: dict[str, Any]
    kept: KeptArtifacts | None
    upload: bool = False


class Delivery:
    """Takes one journal to one tracker, from where it stopped."""

    def __init__(self, order: Order) -> None:
        """Prepare; nothing is imported or sent yet."""
        self._order = order
        self._journal = Journal(order.folder)
        self._secrets = Secrets.of(order.credentials)
        self._status: Status = "killed"
        self._ended = False
        self.receipt = self._journal.receipt(order.tracker)

    def run(self, more_may_come: Callable[[], bool]) -> Receipt:
        """Deliver until everything is delivered and nothing more may come.

        Returns:
            How far it came; `failure` says why it stopped before the end, without secrets.
        """
        try:
            # a delivery whose run was killed may still be at it
            with FileLock(self._journal.folder / f".{self._order.tracker}.lock"):
                self.receipt = self._journal.receipt(self._order.tracker)
                self._deliver(more_may_come)
        except Exception as error:
            told = error.message if isinstance(error, CycleError) else _told(error)
            self._keep(failure=self._secrets.hide(told))
        return self.receipt

    def _deliver(self, more_may_come: Callable[[], bool]) -> None:
        if not self._journal.has_all(self._order.tracker):
            self._take(self._make(), more_may_come)
        if self._order.upload and self.receipt.offline:
            tracker: OfflineTracker = self._make()
            reference = tracker.upload(self._journal.description())
            self._keep(offline=False, reference=reference, failure=None)

    def _make(self) -> Any:
        order = self._order
        return load_backend(FAMILY, order.tracker)(
            options=order.options,
            credentials=order.credentials,
            folder=self._journal.tracker_folder(order.tracker),
        )

    def _take(self, tracker: Tracker, more_may_come: Callable[[], bool]) -> None:
        for entry, offset in self._journal.entries():
            if offset <= self.receipt.offset:
                self._note_status(entry)
        # opened before is what was given a reference, even if it took nothing
        reference = tracker.open(self._journal.description(), resumed=bool(self.receipt.reference))
        self._keep(reference=self._plain(reference), failure=None)
        entries, taken = self.receipt.entries, self.receipt.offset
        for entry, offset in self._entries(more_may_come):
            self._write(tracker, entry)
            entries, taken = entries + 1, offset
        if not self._ended and not self._order.upload:
            self._log_what_was_said(tracker)
        tracker.close(self._status)
        # not before: what an SDK has taken is not yet kept, and would be lost with this process
        # an earlier command of this record may have had no key: its part still waits
        offline = self.receipt.offline or bool(getattr(tracker, "offline", False))
        self._keep(offset=taken, entries=entries, offline=offline)

    def _entries(self, more_may_come: Callable[[], bool]) -> Iterator[tuple[Entry, int]]:
        offset = self.receipt.offset
        while True:
            # asked before reading: what was written until then is read below
            last = not more_may_come()
            for entry, end in self._journal.entries(after=offset):
                yield entry, end
                offset = end
            if last:
                return
            time.sleep(PAUSE_SECONDS)

    def _write(self, tracker: Tracker, entry: Entry) -> None:
        if isinstance(entry, Parameters):
            tracker.log_parameters(entry.values)
        elif isinstance(entry, Metrics):
            tracker.log_metrics(entry.points)
        elif isinstance(entry, Tags):
            tracker.log_tags(entry.values)
        elif isinstance(entry, Artifact):
            self._write_artifact(tracker, entry)
        self._note_status(entry)

    def _note_status(self, entry: Entry) -> None:
        if isinstance(entry, Begun):
            self._status, self._ended = "killed", False
        elif isinstance(entry, Ended):
            self._status, self._ended = entry.status, True

    def _write_artifact(self, tracker: Tracker, entry: Artifact) -> None:
        with as_recorded(entry, self._order.project, self._order.kept) as file:
            if file is not None:
                tracker.log_artifact(file, entry.path)
                return
        missing = sorted({*self.receipt.missing, entry.path})
        self._keep(missing=tuple(missing))

    def _log_what_was_said(self, tracker: Tracker) -> None:
        """Record the log of a run that was killed: nobody else does, and it is needed most."""
        log = self._order.project / LOG_FILE
        if not log.is_file():
            return
        with TemporaryDirectory() as folder:
            copy = Path(folder, "killed.log")
            # a traceback goes into the log past the filter for secrets
            text = log.read_text(encoding="utf-8", errors="replace")
            copy.write_text(self._secrets.hide(text), encoding="utf-8")
            tracker.log_artifact(copy, f"{LOGS}/{copy.name}")

    def _plain(self, reference: str) -> str:
        """Name a folder of the project from there."""
        folder = Path(reference)
        inside = folder.is_absolute() and folder.is_relative_to(self._order.project)
        return folder.relative_to(self._order.project).as_posix() if inside else reference

    def _keep(self, **changes: Any) -> None:
        self.receipt = self.receipt.model_copy(update=changes)
        self._journal.keep_receipt(self._order.tracker, self.receipt)


def _told(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _watch_input() -> Callable[[], bool]:
    """Tell as long as standard input is open, which it is until the run has ended or died."""
    closed = Event()

    def wait() -> None:
        sys.stdin.read()
        closed.set()

    Thread(target=wait, daemon=True).start()
    return lambda: not closed.is_set()


def main() -> int:
    """Carry out the order on the first line of standard input."""
    order = Order.model_validate(json.loads(sys.stdin.readline()))
    if hasattr(os, "nice"):
        os.nice(GENTLY)
    with TemporaryDirectory(prefix="delivery-", ignore_cleanup_errors=True) as folder:
        # what an SDK keeps for a while goes with this process
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        receipt = Delivery(order).run(_watch_input())
    return FAILED if receipt.failure else 0


if __name__ == "__main__":
    sys.exit(main())
