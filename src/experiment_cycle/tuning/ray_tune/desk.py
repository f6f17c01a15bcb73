"""Where the trials of a study meet, whichever nodes they run on."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy.typing as npt

from experiment_cycle.tuning.contract import Trial
from experiment_cycle.tuning.stopping import EarlyStopping, Progress

STEP_BACK = "The trial makes room for one of a lower number."

Outcome = tuple[Trial, npt.NDArray[Any] | None]
"""A finished trial, and what it predicts for the validation rows."""


class Desk:
    """Compares trials at their rungs, and takes in what becomes of them.

    It is an actor on the node that the search was started on, so that what has come there outlives
    every worker.
    """

    def __init__(self, stopping: EarlyStopping | None, finished: Iterable[Trial]) -> None:
        """Begin with the trials of earlier runs."""
        self._stopping = stopping
        self._progress = {trial.number: Progress.of(trial) for trial in finished}
        self._outcomes: dict[int, Outcome] = {}
        # one whose worker died while it waited waits twice, when it was begun anew
        self._waiting: Counter[int] = Counter()
        self._sent_back: set[int] = set()
        self._changed = asyncio.Condition()

    async def judge(self, number: int, curve: tuple[float, ...]) -> str | None:
        """Say why a trial is to stop at a rung, or None; waits for those of lower numbers.

        Returns:
            A reason, or `STEP_BACK`, after which the trial comes again.
        """
        if self._stopping is None:
            return None
        step = len(curve)
        async with self._changed:
            self._note(Progress(number, curve))
            self._sent_back.discard(number)
            self._waiting[number] += 1
            try:
                await self._changed.wait_for(
                    lambda: number in self._sent_back or self._is_known_below(number, step)
                )
            finally:
                self._waiting[number] -= 1
            if number in self._sent_back:
                return STEP_BACK
        earlier = [self._progress[other].after(step) for other in range(number)]
        return self._stopping.reason(number, curve, earlier)

    async def finish(self, trial: Trial, predictions: npt.NDArray[Any] | None) -> None:
        """Take in a finished trial."""
        async with self._changed:
            self._outcomes[trial.number] = (trial, predictions)
            self._note(Progress.of(trial))

    async def take(self, number: int) -> Outcome | None:
        """Hand over what became of a trial; None: nothing yet, or it stepped back."""
        return self._outcomes.pop(number, None)

    async def give_up(self, number: int) -> tuple[float, ...]:
        """Take note that a trial has failed together with its workers; tell how far it came."""
        async with self._changed:
            curve = self._progress.get(number, Progress(number, ())).curve
            self._note(Progress(number, curve, "failed"))
        return curve

    async def waiting(self) -> list[int]:
        """List the trials that wait at a rung."""
        return sorted(number for number, times in self._waiting.items() if times)

    async def send_back(self, number: int) -> None:
        """Let a waiting trial give its place to another one."""
        async with self._changed:
            if self._waiting[number]:
                self._sent_back.add(number)
                self._changed.notify_all()

    def _is_known_below(self, number: int, step: int) -> bool:
        return all(
            other in self._progress and self._progress[other].reaches(step)
            for other in range(number)
        )

    def _note(self, progress: Progress) -> None:
        """Take note of how far a trial is; one that was begun anew was further before."""
        known = self._progress.get(progress.number)
        is_ahead = known is None or len(known.curve) < len(progress.curve)
        if is_ahead or progress.state is not None:
            self._progress[progress.number] = progress
        self._changed.notify_all()
