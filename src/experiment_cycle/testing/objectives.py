"""Objectives to try a tuner on: they can be pickled, and are called in any process."""

from __future__ import annotations

import math
import os
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import numpy as np

from experiment_cycle.tuning.contract import Attempt, Objective

STEPS = 27


def squared(attempt: Attempt) -> float:
    """Measure how far `rate` is from 0.3; the steps bring it nearer from a start in common."""
    value = float((attempt.parameters["rate"] - 0.3) ** 2)
    for step in range(1, STEPS + 1):
        if attempt.report(step, value + 1 / step):
            return value + 1 / step
    return value


def negated(attempt: Attempt) -> float:
    """Measure the same as `squared` at once, so that the greatest value is the best."""
    return -float((attempt.parameters["rate"] - 0.3) ** 2)


def constant(attempt: Attempt) -> float:
    """Find all configurations equal."""
    return 1.0


def fragile(attempt: Attempt) -> float:
    """Raise in one of three trials, and find no number in another one."""
    if attempt.number % 3 == 1:
        raise MemoryError("too large")
    return math.nan if attempt.number % 3 == 2 else squared(attempt)  # noqa: PLR2004


def predicting(attempt: Attempt) -> float:
    """Hand predictions over, after a first try at them."""
    attempt.keep_predictions(np.zeros(2, np.float32))
    attempt.keep_predictions(np.array([attempt.number, 0.5], np.float32))
    return squared(attempt)


def endless(attempt: Attempt) -> float:
    """Go on for ever with every trial but the first one."""
    step = 1
    while attempt.number > 0 and not attempt.report(step, 1.0):
        time.sleep(0.002)
        step += 1
    return 1.0


@dataclass(frozen=True)
class Counted:
    """Leaves a file for each call, in a folder that all processes see.

    With `processes` each trial waits until so many of them have begun one, half a minute at most.
    """

    folder: Path
    objective: Objective = squared
    processes: int = 1

    def __call__(self, attempt: Attempt) -> float:
        """Leave a file, and measure."""
        (self.folder / f"{attempt.number}.{os.getpid()}.{uuid4().hex}.call").touch()
        until = time.monotonic() + 30
        while len(self.workers()) < self.processes and time.monotonic() < until:
            time.sleep(0.005)
        return self.objective(attempt)

    def calls(self) -> list[int]:
        """List the trials that were begun, each as often as it was, ascending."""
        return sorted(int(file.name.split(".")[0]) for file in self.folder.glob("*.call"))

    def workers(self) -> set[int]:
        """List the processes that have begun a trial."""
        return {int(file.name.split(".")[1]) for file in self.folder.glob("*.call")}


@dataclass(frozen=True)
class Slow:
    """Takes its time, seconds; with `uneven` later trials overtake earlier ones."""

    seconds: float
    uneven: bool = False
    objective: Objective = squared

    def __call__(self, attempt: Attempt) -> float:
        """Wait, and measure."""
        time.sleep(self.seconds * (3 - attempt.number % 4 if self.uneven else 1))
        return self.objective(attempt)


@dataclass(frozen=True)
class Deadly:
    """Kills its process in some trials.

    Attributes:
        folder: Where it leaves a file for each death.
        numbers: Of the trials.
        times: So often in each of them.
        step: After so many steps.
        spared: The process that does not die.
        objective: Measures.
    """

    folder: Path
    numbers: tuple[int, ...]
    times: int
    step: int = 0
    spared: int | None = None
    objective: Objective = squared

    def __call__(self, attempt: Attempt) -> float:
        """Die, or measure."""

        def report(step: int, value: float) -> str | None:
            if step > self.step:
                self._die(attempt.number)
            return attempt.report(step, value)

        if attempt.number not in self.numbers or os.getpid() == self.spared:
            return self.objective(attempt)
        return self.objective(replace(attempt, report=report))

    def _die(self, number: int) -> None:
        if len(list(self.folder.glob(f"{number}.*.death"))) < self.times:
            (self.folder / f"{number}.{uuid4().hex}.death").touch()
            os.kill(os.getpid(), signal.SIGKILL)
