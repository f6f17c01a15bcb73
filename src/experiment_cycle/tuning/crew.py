"""Processes that help with a study: begun, watched, replaced, ended."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from experiment_cycle.tuning.hand_over import write_work
from experiment_cycle.tuning.live import LiveFiles
from experiment_cycle.tuning.own_folder import OwnFolder
from experiment_cycle.tuning.worker import Work
from experiment_cycle.tuning.worker_process import DEATHS

logger = logging.getLogger(__name__)

EVERY = 0.5
"""Seconds between two looks at the crew in the midst of a trial."""
DYING = 10.0
"""Seconds that a process may take to end once the system has freed what it held."""
ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "BLIS_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
    ),
    "1",
)


class Crew:
    """Workers in processes of their own, as the process that began them knows them.

    They are new interpreters that import nothing of the script that is running, so that a command,
    a notebook and a test run can all have them. They get the work as files once, are kept alive
    for the whole study, and end with this process: their standard input is a pipe from it.
    """

    def __init__(self, size: int, work: Work) -> None:
        """Begin the workers; they join as soon as they are ready.

        Raises:
            Exception: the work cannot be pickled.
            OSError: files cannot be written, or processes not begun.
        """
        self._work = work
        self._live = LiveFiles(work.folder / work.study.key)
        self._members: dict[str, subprocess.Popen[bytes]] = {}
        self._begun = 0
        self._causes: dict[int, list[str]] = {}
        self._looked = time.monotonic()
        self._temporary = OwnFolder("tuning-")
        self._folder = self._temporary.path
        try:
            write_work(self._folder, work)
            for _ in range(size):
                self._begin_one()
        except BaseException:
            self.end()
            raise

    def leaves(self, number: int, workers: tuple[str, ...]) -> bool:
        """Leave what one has died of to others, who can be replaced; see `Colleagues.leaves`."""
        suspects = sum(worker.startswith(self._work.run) for worker in workers)
        return suspects >= DEATHS or (suspects > 0 and bool(self._members))

    def is_due(self) -> bool:
        """Tell whether it is time to look; see `Colleagues.is_due`."""
        return time.monotonic() - self._looked > EVERY

    def look_after(self) -> list[tuple[int, str]]:
        """Replace the dead; see `Colleagues.look_after`."""
        self._looked = time.monotonic()
        fatal = []
        for name, process in list(self._members.items()):
            if process.poll() is None:
                continue
            del self._members[name]
            _close(process)
            if process.returncode == 0:
                continue
            cause = self._cause(name, process.returncode)
            begun = self._live.begun_by(name)
            if not begun:
                logger.warning("A worker of the search could not go on: %s.", cause)
                continue
            # what it was begun in the midst of is not to blame; see `Worker`
            for number in begun[1:]:
                self._live.acquit(number, name)
            causes = self._causes.setdefault(begun[0], [])
            causes.append(cause)
            logger.warning("A worker of the search died in trial %d: %s.", begun[0], cause)
            if len(causes) >= DEATHS:
                told = "; ".join(dict.fromkeys(causes))
                fatal.append((begun[0], f"{len(causes)} workers died of it: {told}"))
            with suppress(OSError):
                self._begin_one()
        return fatal

    def end(self) -> None:
        """End all of them, and what they are doing."""
        for process in self._members.values():
            process.kill()
        for process in self._members.values():
            process.wait(DYING)
            _close(process)
        self._members.clear()
        self._temporary.remove()

    def _begin_one(self) -> None:
        name = f"{self._work.run}.{self._begun}"
        self._begun += 1
        command = [sys.executable, "-P", "-m", "experiment_cycle.tuning.worker_process"]
        paths = [path or os.getcwd() for path in sys.path]
        with self._errors(name).open("wb") as errors:
            self._members[name] = subprocess.Popen(  # noqa: S603
                [*command, str(self._folder), name],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=os.environ | ONE_THREAD | {"PYTHONPATH": os.pathsep.join(paths)},
                # so that Ctrl-C comes to this process alone
                process_group=0 if os.name == "posix" else None,
            )

    def _cause(self, name: str, code: int) -> str:
        if code < 0:
            with suppress(ValueError):
                name_of_signal = signal.Signals(-code).name
                hint = ", most often for lack of memory" if -code == signal.SIGKILL else ""
                return f"its process was ended by {name_of_signal}{hint}"
        told = self._errors(name).read_text("utf-8", "replace").strip().splitlines()
        return f"its process ended with code {code}" + (f" ({told[-1]})" if told else "")

    def _errors(self, name: str) -> Path:
        return self._folder / f"{name}.err"


def _close(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
