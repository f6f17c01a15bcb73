"""The course of a study: which trials are under way, finished and still to come."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy.typing as npt

from experiment_cycle.tuning.attempts import MICROSECONDS
from experiment_cycle.tuning.budgets import Stopwatch
from experiment_cycle.tuning.choice import Choice
from experiment_cycle.tuning.contract import Searched, Study, Trial
from experiment_cycle.tuning.order import TrialOrder
from experiment_cycle.tuning.store import StudyStore

MOST_DEATHS = 2
"""Of its worker, after which a trial has failed: it may well be the trial that kills them."""


class Course:
    """Says which trial is next, and keeps what is finished. It knows nothing of Ray."""

    def __init__(
        self, study: Study, store: StudyStore, choice: Choice, on_trial: Callable[[Trial], None]
    ) -> None:
        """Prepare to go on with a study.

        Args:
            study: What to search.
            store: Where it is kept.
            choice: Chooses the trials.
            on_trial: Told of each new trial.
        """
        self._study = study
        self._store = store
        self._on_trial = on_trial
        self._order = TrialOrder(study, choice)
        for trial in store.read():
            self._order.add(trial)
        self._clock = Stopwatch(study.seconds, store.spent)
        self._begun: dict[int, float] = {}
        self._held: set[int] = set()
        self._deaths: Counter[int] = Counter()

    @property
    def finished(self) -> list[Trial]:
        """The finished trials, in the order of their numbers."""
        return [self._order.done[number] for number in sorted(self._order.done)]

    @property
    def is_over(self) -> bool:
        """Whether nothing is under way, and nothing will be begun."""
        return not self._begun and (self._order.is_through or self.is_time_up)

    @property
    def is_time_up(self) -> bool:
        """Whether what is under way is to be dropped."""
        # without a complete trial there is nothing to show for the time
        return self._clock.is_over and self._order.has_complete

    def ask(self) -> tuple[int, dict[str, Any]] | None:
        """Begin the lowest trial that can be; None: one must be waited for, or it is over."""
        for number in self._order.open():
            if number in self._begun or number in self._held:
                continue
            if self._clock.is_over and (self._begun or self._order.has_complete):
                return None
            parameters = self._order.parameters(number)
            if parameters is None:
                return None
            self._begun[number] = time.monotonic()
            return number, parameters
        return None

    def put_back(self, number: int) -> None:
        """Take note that a trial was not run; it will be begun again."""
        self._begun.pop(number, None)

    def hold(self, number: int) -> None:
        """Take note that a trial was not run; it will be begun again after another one."""
        self.put_back(number)
        if self._begun:
            self._held.add(number)

    def died(self, number: int) -> bool:
        """Take note that a trial's worker died; tell whether the trial has failed by that."""
        self._deaths[number] += 1
        if self._deaths[number] < MOST_DEATHS:
            self.put_back(number)
            return False
        return True

    def fail(self, number: int, curve: tuple[float, ...], reason: str) -> None:
        """Keep a trial that has failed together with its workers; see `finish`."""
        parameters = self._order.parameters(number)
        assert parameters is not None  # noqa: S101
        taken = round(time.monotonic() - self._begun[number], MICROSECONDS)
        self.finish(Trial(number, parameters, "failed", None, taken, curve, reason))

    def finish(self, trial: Trial, predictions: npt.NDArray[Any] | None = None) -> None:
        """Keep a finished trial.

        Raises:
            IntegrityError: what was kept is damaged.
            BackendError: it cannot be written.
        """
        self._begun.pop(trial.number, None)
        self._held.clear()
        if predictions is not None:
            self._store.keep_predictions(trial.number, predictions)
        self._store.keep(trial, self._clock.spent)
        for kept in self._store.read():
            if self._order.add(kept):
                self._on_trial(kept)

    def searched(self) -> Searched:
        """Sum the search up, and write down that its time was up where it was."""
        done, spent, most = self.finished, self._clock.spent, self._study.trials
        if not self._order.is_through:
            because = (
                f"The time was up: {spent:.1f} of {self._study.seconds:g} seconds, after "
                f"{len(done)} of {most} trials."
            )
        elif self._order.end < most:
            because = f"All {self._order.end} configurations were tried."
        else:
            because = f"All {most} trials were run."
        if self._study.seconds is not None and spent >= self._study.seconds:
            self._store.note_spent(spent)
        return Searched(tuple(done), because, spent)
