"""Trials run side by side, with the same outcome for any number of workers."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from experiment_cycle.tuning.budgets import Stopwatch
from experiment_cycle.tuning.contract import Attempt, Objective, Searched, State, Study, Trial
from experiment_cycle.tuning.halving import Rungs

DIGITS = 9
"""Significant digits of a value in a curve; kept, it must be the same as when it was judged by."""

MICROSECONDS = 6
"""Digits of a duration; no more of them are kept."""


class Source(Protocol):
    """Where configurations come from, and where finished trials are kept."""

    def choose(self, number: int) -> dict[str, Any] | None:
        """Choose the parameters of a trial, by what was told; None: nothing is left to try."""
        ...

    def take_up(self, trial: Trial) -> None:
        """Take note of a trial of an earlier run, in place of `choose`; not yet of its outcome."""
        ...

    def tell(self, trial: Trial) -> None:
        """Take in the outcome of a trial; told in the order of their numbers."""
        ...

    def keep(self, trial: Trial, spent: float) -> None:
        """Write a finished trial down, and the study's wall time so far."""
        ...


class TrialRun:
    """Runs a study's trials. One for each study and process.

    Workers are threads: the matrices are there once, no process has to be started, and boosting
    lets go of the interpreter while it learns. Small networks hardly do, so that a second worker
    gains them nothing (benchmarks.tuning). Every linear algebra library is held
    to one thread meanwhile.
    """

    def __init__(
        self,
        study: Study,
        source: Source,
        objective: Objective,
        on_trial: Callable[[Trial], None],
        *,
        earlier: Iterable[Trial],
        spent: float,
    ) -> None:
        """Prepare to go on with a study.

        Args:
            study: What to search.
            source: Chooses and keeps.
            objective: Measures one configuration.
            on_trial: Told of each new trial, by the thread that calls `run`.
            earlier: Trials that an earlier run has kept.
            spent: Seconds of earlier runs.
        """
        self._study = study
        self._source = source
        self._objective = objective
        self._on_trial = on_trial
        self._earlier = {trial.number: trial for trial in earlier}
        self._clock = Stopwatch(study.seconds, spent)
        self._rungs = Rungs(study.halving, study.greater_is_better)
        self._done: dict[int, Trial] = {}
        self._told = 0
        self._running: set[Future[Trial | None]] = set()
        self._one_is_complete = threading.Event()
        self._given_up = False

    def run(self) -> Searched:
        """Run trials until the budget is used up, or nothing is left to try."""
        workers = min(self._study.workers, self._study.batch)
        if any(trial.state == "complete" for trial in self._earlier.values()):
            self._one_is_complete.set()
        with _one_thread_each(workers), ThreadPoolExecutor(workers) as pool:
            try:
                because = self._go_through(pool, workers)
            except BaseException:
                self._given_up = True
                self._rungs.give_up()
                raise
        return Searched(
            trials=tuple(self._done[number] for number in sorted(self._done)),
            stopped_because=because,
            spent_seconds=self._clock.spent,
        )

    def _go_through(self, pool: ThreadPoolExecutor, workers: int) -> str:
        for number in range(self._study.trials):
            if not self._tell_up_to(number - self._study.batch):
                break
            if number in self._earlier:
                self._take_up(self._earlier[number])
                continue
            while len(self._running) >= workers:
                self._collect()
            if self._is_time_up():
                break
            parameters = self._source.choose(number)
            if parameters is None:
                self._collect_all()
                return f"All {number} configurations were tried."
            self._rungs.start(number)
            if workers == 1:
                # in the thread that Ctrl-C comes to
                self._take_in(self._attempt(number, parameters))
            else:
                self._running.add(pool.submit(self._attempt, number, parameters))
        self._collect_all()
        self._done = self._earlier | self._done
        if len(self._done) >= self._study.trials:
            return f"All {self._study.trials} trials were run."
        return (
            f"The time was up: {self._clock.spent:.1f} of {self._study.seconds:g} seconds, after "
            f"{len(self._done)} of {self._study.trials} trials."
        )

    def _is_time_up(self) -> bool:
        # without a complete trial there is nothing to show for the time
        return self._clock.is_over and (self._one_is_complete.is_set() or bool(self._running))

    def _tell_up_to(self, last: int) -> bool:
        """Tell the outcome of all trials up to `last`, waiting for them; False: one was dropped."""
        while self._told <= last:
            while self._told not in self._done:
                if not self._running:
                    return False
                self._collect()
            self._source.tell(self._done[self._told])
            self._told += 1
        return True

    def _take_up(self, trial: Trial) -> None:
        self._source.take_up(trial)
        self._rungs.take_up(trial)
        self._done[trial.number] = trial

    def _collect_all(self) -> None:
        while self._running:
            self._collect()

    def _collect(self) -> None:
        """Wait for the next trial to finish."""
        finished, self._running = wait(self._running, return_when=FIRST_COMPLETED)
        for future in finished:
            self._take_in(future.result())

    def _take_in(self, trial: Trial | None) -> None:
        if trial is None:
            return
        self._source.keep(trial, self._clock.spent)
        self._done[trial.number] = trial
        self._on_trial(trial)

    def _attempt(self, number: int, parameters: dict[str, Any]) -> Trial | None:
        """Run one trial; None: it was dropped, because the search is over."""
        watched = _Watched(number, self._rungs, self._is_over)
        started = time.monotonic()
        value, state, reason = _measured(self._objective, watched.attempt(parameters))
        if watched.is_dropped or self._given_up:
            self._rungs.finish(number, ended_by_itself=False)
            return None
        if state == "complete" and watched.pruned_because:
            state, reason = "pruned", watched.pruned_because
        self._rungs.finish(number, ended_by_itself=state == "complete")
        if state == "complete":
            self._one_is_complete.set()
        taken = round(time.monotonic() - started, MICROSECONDS)
        return Trial(number, parameters, state, value, taken, tuple(watched.curve), reason)

    def _is_over(self) -> bool:
        return self._given_up or (self._clock.is_over and self._one_is_complete.is_set())


class _Watched:
    """Takes in the reports of one trial."""

    def __init__(self, number: int, rungs: Rungs, is_over: Callable[[], bool]) -> None:
        self.curve: list[float] = []
        self.pruned_because: str | None = None
        self.is_dropped = False
        self._number = number
        self._rungs = rungs
        self._is_over = is_over

    def attempt(self, parameters: dict[str, Any]) -> Attempt:
        return Attempt(self._number, parameters, self._report)

    def _report(self, step: int, value: float) -> str | None:
        if step != len(self.curve) + 1:
            raise ValueError(f"step {step} was reported after step {len(self.curve)}")
        rounded = float(f"{value:.{DIGITS}g}")
        self.curve.append(rounded)
        self.pruned_because = self._rungs.report(self._number, rounded)
        if self._is_over():
            self.is_dropped = True
            return "The search is over."
        return self.pruned_because


def _measured(objective: Objective, attempt: Attempt) -> tuple[float | None, State, str | None]:
    """Measure one configuration; give its value, or the cause of its failure."""
    try:
        value = float(objective(attempt))
    except Exception as error:
        return None, "failed", f"{type(error).__name__}: {error}"
    if not math.isfinite(value):
        return None, "failed", f"the metric is {value}"
    return value, "complete", None


def _one_thread_each(workers: int) -> AbstractContextManager[Any]:
    return nullcontext() if workers == 1 else threadpool_limits(1)
