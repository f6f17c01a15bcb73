"""One worker of a study: the loop that each process runs over what all of them share."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from experiment_cycle.tuning.attempts import OVER, RunningTrial
from experiment_cycle.tuning.budgets import Stopwatch
from experiment_cycle.tuning.choice import Choice
from experiment_cycle.tuning.claims import Claims
from experiment_cycle.tuning.contract import Objective, Study, Trial
from experiment_cycle.tuning.live import LiveFiles
from experiment_cycle.tuning.order import TrialOrder
from experiment_cycle.tuning.stopping import EarlyStopping, Progress
from experiment_cycle.tuning.store import StudyStore

PAUSE = 0.01
"""Seconds between two looks at what others have done, where there is nothing else to do."""


@dataclass(frozen=True)
class Work:
    """A study as one run works on it, with all of its processes; it can be pickled.

    Attributes:
        run: What the names of the run's helpers begin with.
        folder: Of all studies.
        study: What to search.
        objective: Measures one configuration.
        choice: Makes what chooses the trials, once in each process.
        stopping: What stops trials early.
        clock: The study's.
    """

    run: str
    folder: Path
    study: Study
    objective: Objective
    choice: Callable[[Study], Choice]
    stopping: EarlyStopping | None
    clock: Stopwatch


class Colleagues(Protocol):
    """What a worker knows of the other workers of its run."""

    def leaves(self, number: int, workers: tuple[str, ...]) -> bool:
        """Tell whether to leave a trial alone, knowing who has begun it and not finished it."""
        ...

    def is_due(self) -> bool:
        """Tell whether it is time to look after them, in the midst of a trial."""
        ...

    def look_after(self) -> list[tuple[int, str]]:
        """See who has died, and replace them; list trials that are to fail, and of what."""
        ...


class Worker:
    """Takes the lowest trial that nobody is at, runs it, keeps it, and so on.

    All that workers share is the study's folder: the journal of finished trials, a claim for each
    trial under way, and what it has reported up to its last rung. A worker that waits at a rung for
    a trial whose worker has died runs that trial itself first.
    """

    def __init__(
        self,
        work: Work,
        store: StudyStore,
        name: str | None,
        colleagues: Colleagues | None,
        on_trial: Callable[[Trial], None],
    ) -> None:
        """Prepare to work.

        Args:
            work: What there is to do.
            store: Where the study is kept.
            name: Under which it tells others what it has begun; None: that is nobody's concern.
            colleagues: The other workers of its run, if there are any.
            on_trial: Told of each new trial, whoever ran it.
        """
        self._study = work.study
        self._objective = work.objective
        self._stopping = work.stopping
        self._clock = work.clock
        self._store = store
        self._name = name
        self._colleagues = colleagues
        self._on_trial = on_trial
        self._order = TrialOrder(work.study, work.choice(work.study))
        self._live = LiveFiles(store.folder)
        self._claims = Claims(store.folder)

    def know(self, earlier: Iterable[Trial]) -> None:
        """Take in trials that were finished before, of which nobody is told any more."""
        for trial in earlier:
            self._order.add(trial)

    @property
    def trials(self) -> tuple[Trial, ...]:
        """Those finished, in the order of their numbers."""
        done = self._order.done
        return tuple(done[number] for number in sorted(done))

    def work(self) -> str:
        """Work until nothing is left to try or the time is up; say which."""
        try:
            return self._go_through()
        finally:
            self._claims.close()

    def _go_through(self) -> str:
        while not self._order.is_through:
            if self._is_time_up():
                return (
                    f"The time was up: {self._clock.spent:.1f} of {self._study.seconds:g} seconds, "
                    f"after {len(self._order.done)} of {self._study.trials} trials."
                )
            if not self._run_next():
                time.sleep(PAUSE)
                self.look_around()
        if self._order.end < self._study.trials:
            return f"All {self._order.end} configurations were tried."
        return f"All {self._study.trials} trials were run."

    def look_around(self) -> None:
        """Take in what others have finished, and see whether they are well."""
        self._take_in()
        if self._colleagues is not None:
            for number, cause in self._colleagues.look_after():
                self._fail(number, cause)

    def _run_next(self) -> bool:
        """Run the lowest trial that can be had; False: there is none."""
        for number in self._order.open():
            if self._order.parameters(number) is None:
                return self._order.is_through
            if self._run(number):
                return True
            if self._clock.is_over:
                # there is no complete trial yet: one is enough
                break
        return False

    def _run(self, number: int) -> bool:
        """Run a trial if it can be had."""
        if not self._claims.take(number):
            return False
        try:
            self._take_in()
            if number in self._order.done or self._is_to_be_left(number):
                return False
            parameters = self._order.parameters(number)
            assert parameters is not None  # noqa: S101
            if self._name is not None:
                self._live.begin(number, self._name)
            running = RunningTrial(number, parameters, self._judge, self._store.keep_predictions)
            trial = running.run(self._objective)
            if trial is not None:
                self._keep(trial)
        finally:
            self._claims.give_up(number)
        self._take_in()
        return True

    def _is_to_be_left(self, number: int) -> bool:
        if self._colleagues is None:
            return False
        return self._colleagues.leaves(number, self._live.read(number).workers)

    def _keep(self, trial: Trial) -> None:
        self._store.keep(trial, self._clock.spent)
        if self._name is not None:
            self._live.remove(trial.number)

    def _fail(self, number: int, cause: str) -> None:
        """Write down that a trial cannot be run."""
        if not self._claims.take(number):
            return
        try:
            self._take_in()
            parameters = None
            if number not in self._order.done:
                parameters = self._order.parameters(number)
            if parameters is not None:
                self._keep(Trial(number, parameters, "failed", None, 0.0, (), cause))
        finally:
            self._claims.give_up(number)
        self._take_in()

    def _take_in(self) -> None:
        for trial in self._store.read():
            if self._order.add(trial):
                self._on_trial(trial)

    def _is_time_up(self) -> bool:
        # without a complete trial there is nothing to show for the time
        return self._clock.is_over and self._order.has_complete

    def _judge(self, running: RunningTrial) -> str | None:
        if self._clock.is_over:
            self._take_in()
            if self._order.has_complete:
                return OVER
        if self._colleagues is not None and self._colleagues.is_due():
            self.look_around()
        step = len(running.curve)
        if self._stopping is None or not self._stopping.is_rung(step):
            return None
        told = len(self._live.read(running.number).curve)
        self._live.add(running.number, running.curve[told:])
        earlier = self._all_before(running.number, step)
        if earlier is None:
            return OVER
        return self._stopping.reason(running.number, running.curve, earlier)

    def _all_before(self, number: int, step: int) -> list[Progress] | None:
        """Wait until it is known how all lower trials stood after a step; None: it is all over."""
        under_way: dict[int, Progress] = {}
        while lagging := [
            other
            for other in self._order.unfinished_before(number)
            if other not in under_way or not under_way[other].reaches(step)
        ]:
            first = lagging[0]
            under_way[first] = Progress(first, self._live.read(first).curve)
            if under_way[first].reaches(step) or self._run(first) or first in self._order.done:
                continue
            time.sleep(PAUSE)
            self.look_around()
            if self._is_time_up():
                return None
        return [
            (
                Progress.of(done) if (done := self._order.done.get(other)) else under_way[other]
            ).after(step)
            for other in range(number)
        ]
