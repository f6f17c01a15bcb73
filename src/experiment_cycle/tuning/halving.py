"""Stopping trials early: asynchronous successive halving, made independent of timing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from experiment_cycle.tuning.contract import Halving
from experiment_cycle.tuning.stopping import Progress

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


@dataclass(frozen=True)
class SuccessiveHalving:
    """Decides which trials go on (Li et al. 2020, "A System for Massively Parallel HPO", ASHA).

    At a rung a trial goes on where it is among the best 1 / `reduction_factor` of those that came
    so far. Who is there already is a matter of timing in the original. Here a trial is compared
    with all trials of lower numbers, and waits for those of them that are still on their way to
    the rung; trials start in the order of their numbers, so that some trial can always go on. The
    value compared is the best one up to the rung: a trial that learning itself stopped before
    stays in the competition with it.
    """

    halving: Halving
    greater_is_better: bool

    def is_rung(self, step: int) -> bool:
        """Tell whether trials are compared after a step."""
        return step in self.halving.rungs

    def reason(
        self, number: int, curve: Sequence[float], earlier: Sequence[Progress]
    ) -> str | None:
        """Say why a trial is to stop at a rung; see `EarlyStopping.reason`."""
        rung = len(curve)
        others = [
            self._least_loss(other.curve)
            for other in earlier
            if len(other.curve) >= rung or (other.state == "complete" and other.curve)
        ]
        own = self._least_loss(curve)
        place = 1 + sum(loss <= own for loss in others)
        going_on = max(1, (len(others) + 1) // self.halving.reduction_factor)
        if place <= going_on:
            return None
        return (
            f"After step {rung} it was number {place} of {len(others) + 1}, of which {going_on} "
            "went on."
        )

    def _least_loss(self, curve: Sequence[float]) -> float:
        sign = -1.0 if self.greater_is_better else 1.0
        return min((sign * value for value in curve if not math.isnan(value)), default=math.inf)
