"""How a trial's steps are counted in W&B's Hyperband."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from experiment_cycle.tuning.contract import Halving


class Iterations:
    """Counts what W&B calls iterations, so that its brackets are our rungs.

    W&B halves after `least`, `least` x `eta`, and so on. Steps that are rounds or epochs are
    counted as they are. Steps that are shares of the rows grow by the factor themselves, and each
    counts for as many iterations as it has rows.
    """

    def __init__(self, halving: Halving) -> None:
        self._halving = halving
        ends = zip(halving.rungs, halving.rungs[1:], strict=False)
        self._as_they_are = all(two == one * halving.reduction_factor for one, two in ends)

    def until(self, step: int) -> int:
        """Count the iterations of a trial's steps up to one."""
        if self._as_they_are or step == 0:
            return step
        return int(self._halving.reduction_factor ** (step - 1))

    def early_terminate(self) -> dict[str, Any]:
        """Write the rungs as W&B's rule for stopping early; there is at least one.

        Said by `max_iter` and `s`, because a rule that starts at `min_iter` would have rungs
        without end.
        """
        factor = self._halving.reduction_factor
        return {
            "type": "hyperband",
            "max_iter": self.until(self._halving.rungs[-1]) * factor,
            "s": len(self._halving.rungs),
            "eta": factor,
        }

    def history(self, curve: Sequence[float]) -> list[float]:
        """List a trial's values by iteration.

        W&B judges at iteration i by the value at place i, counted from 0, so that something must
        stand before the first one: what it would judge one step later, it judges at the rung.
        """
        values = list(curve[:1])
        for step, value in enumerate(curve, start=1):
            values += [value] * (self.until(step) - self.until(step - 1))
        return values
