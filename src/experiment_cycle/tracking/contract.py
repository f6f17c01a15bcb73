"""What a tracker is: the few things a place that keeps records of runs must be able to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from experiment_cycle.options import Record
from experiment_cycle.tracking.entries import MetricPoint, Status


class RunDescription(Record):
    """What a record is called; the same for every tracker.

    Attributes:
        run_id: The cycle's, 32 hexadecimal digits: the key under which a tracker finds it again.
        experiment: To which experiment, or project, it belongs.
        name: Short, for lists.
        description: The hypothesis' statement.
    """

    run_id: str
    experiment: str
    name: str
    description: str


class Tracker(Protocol):
    """Keeps records of runs somewhere. Found by name in the group `experiment_cycle.trackers`.

    The constructor takes `options` (the tracker's block of `tracking.yml`, validated),
    `credentials` (its block of `credentials.yml`; a mapping of secrets) and `folder`, which is the
    tracker's own for this run, and kept.

    Everything is called from one thread of a process that does nothing else, in the order in which
    it was recorded. What was given to a tracker that was not closed comes once more: the same
    content a second time must leave the record as it was. Any exception counts as a failure of the
    tracker; all of it is offered again later.
    """

    def open(self, run: RunDescription, *, resumed: bool) -> str:
        """Begin a record, or go on with it where it was opened before.

        Returns:
            Where a person finds it: an address or a folder.
        """

    def log_parameters(self, values: Mapping[str, str]) -> None:
        """Keep parameters."""

    def log_metrics(self, points: Sequence[MetricPoint]) -> None:
        """Keep values of metrics, with their steps."""

    def log_tags(self, values: Mapping[str, str]) -> None:
        """Keep tags; a later value takes the place of an earlier one."""

    def log_artifact(self, file: Path, path: str) -> None:
        """Keep a copy of a file, or of a folder, under the name `path`."""

    def close(self, status: Status) -> None:
        """End the record: return only when everything is kept."""


class OfflineTracker(Tracker, Protocol):
    """A tracker that can write without its service, for a later upload."""

    @property
    def offline(self) -> bool:
        """Tell whether what it keeps lies in its folder, and nowhere else yet."""

    def upload(self, run: RunDescription) -> str:
        """Send what the folder keeps to the service; a second time changes nothing.

        Called instead of `open`, in a process of its own.

        Returns:
            The record's address there.

        Raises:
            BackendError: the service does not take it; the folder stays as it is.
        """
