"""A worker in a process of its own: `python -m experiment_cycle.tuning.worker_process FOLDER NAME`.

It is begun by `tuning.crew`, works on the study that the folder describes, and ends as soon as the
process that began it is gone, whatever it is doing: its trial is then free for others.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from experiment_cycle.tuning.hand_over import read_work
from experiment_cycle.tuning.store import StudyStore
from experiment_cycle.tuning.worker import Work, Worker

DEATHS = 2
"""So many workers of one run may die of a trial; it is then given up."""


class CrewMates:
    """The other workers of a run, as one of those that were begun knows them."""

    def __init__(self, run: str) -> None:
        self._run = run

    def leaves(self, number: int, workers: tuple[str, ...]) -> bool:
        """Leave a trial that several have died of to the one who counts; see `Colleagues`."""
        return sum(worker.startswith(self._run) for worker in workers) >= DEATHS

    def is_due(self) -> bool:
        """Never: who began them looks after them."""
        return False

    def look_after(self) -> list[tuple[int, str]]:
        """Leave it to the one who began them."""
        return []


def main(folder: Path, name: str) -> None:
    """Work until the study is through, or the process that wrote the folder is gone."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    work: Work = read_work(folder)
    with threadpool_limits(1):
        store = StudyStore(work.folder, work.study)
        Worker(work, store, name, CrewMates(work.run), lambda trial: None).work()


def _end_with_parent() -> None:
    """Wait for the end of the standard input, which comes with that of the parent."""
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
