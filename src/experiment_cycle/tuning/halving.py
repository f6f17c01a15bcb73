"""Stopping trials early: asynchronous successive halving, made independent of timing."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field

from experiment_cycle.tuning.contract import Halving, Trial

RUNGS = 3
"""How many there are, where no least step is given."""


def rungs_of(most: int, least: int | None, reduction_factor: int) -> tuple[int, ...]:
    """List the steps after which trials are compared: `least` times powers of the factor.

    The last of them leaves a trial to go at least the factor times as far, lest one be given up
    for what little is left.

    Args:
        most: Steps of a whole trial.
        least: The first rung; None: so that there are `RUNGS` of them.
        reduction_factor: From one to the next.
    """
    rung = least if least is not None else max(1, most // reduction_factor**RUNGS)
    rungs = [rung] if rung < most else []
    while rung * reduction_factor**2 <= most:
        rung *= reduction_factor
        rungs.append(rung)
    return tuple(rungs)


@dataclass
class _Run:
    """How far one trial is: its best value up to each step, and whether more will come."""

    best: list[float] = field(default_factory=list)
    over: bool = False
    ended_by_itself: bool = False


class Rungs:
    """Decides which trials go on (Li et al. 2020, "A System for Massively Parallel HPO", ASHA).

    At a rung a trial goes on where it is among the best 1 / `reduction_factor` of those that came
    so far. Who is there already is a matter of timing in the original. Here a trial is compared
    with all trials of lower numbers, and waits for those of them that are still on their way to
    the rung; trials start in the order of their numbers, so that some trial can always go on. The
    value compared is the best one up to the rung: a trial that learning itself stopped before
    stays in the competition with it.
    """

    def __init__(self, halving: Halving | None, greater_is_better: bool) -> None:
        self._halving = halving
        self._sign = -1.0 if greater_is_better else 1.0
        self._runs: dict[int, _Run] = {}
        self._changed = threading.Condition()
        self._given_up = False

    def take_up(self, trial: Trial) -> None:
        """Take in a trial that was finished before."""
        self.start(trial.number)
        for value in trial.curve:
            self._add(self._runs[trial.number], value)
        self.finish(trial.number, ended_by_itself=trial.state == "complete")

    def start(self, number: int) -> None:
        """Take note of a trial before any of a higher number starts."""
        self._runs[number] = _Run()

    def report(self, number: int, value: float) -> str | None:
        """Take in the value after a trial's next step; say why to stop here, or None."""
        with self._changed:
            run = self._runs[number]
            self._add(run, value)
            if self._halving is None or len(run.best) not in self._halving.rungs:
                return None
            self._changed.notify_all()
            return self._decide(number, len(run.best), self._halving.reduction_factor)

    def finish(self, number: int, *, ended_by_itself: bool) -> None:
        """Take note that a trial reports nothing any more, pruned or failed or by itself."""
        with self._changed:
            self._runs[number].over = True
            self._runs[number].ended_by_itself = ended_by_itself
            self._changed.notify_all()

    def give_up(self) -> None:
        """Let nobody wait any more; what is decided from now on counts for nothing."""
        with self._changed:
            self._given_up = True
            self._changed.notify_all()

    def _add(self, run: _Run, value: float) -> None:
        loss = self._sign * value
        if math.isnan(loss):
            loss = math.inf
        run.best.append(min(loss, run.best[-1]) if run.best else loss)

    def _decide(self, number: int, rung: int, factor: int) -> str | None:
        earlier = [run for other, run in self._runs.items() if other < number]
        self._changed.wait_for(
            lambda: self._given_up or all(run.over or len(run.best) >= rung for run in earlier)
        )
        others = [loss for run in earlier if (loss := _loss_at(run, rung)) is not None]
        place = 1 + sum(loss <= self._runs[number].best[-1] for loss in others)
        going_on = max(1, (len(others) + 1) // factor)
        if place <= going_on:
            return None
        return (
            f"After step {rung} it was number {place} of {len(others) + 1}, of which {going_on} "
            "went on."
        )


def _loss_at(run: _Run, rung: int) -> float | None:
    """Look up with what a trial competes at a rung; None: it never came there."""
    if len(run.best) >= rung:
        return run.best[rung - 1]
    return run.best[-1] if run.ended_by_itself and run.best else None
