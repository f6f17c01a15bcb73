"""One trial while it runs: what it reports, and what comes of it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from experiment_cycle.tuning.contract import Attempt, Objective, State, Trial

DIGITS = 9
"""Significant digits of a value in a curve; kept, it must be the same as when it was judged by."""

MICROSECONDS = 6
"""Digits of a duration; no more of them are kept."""

OVER = "The search is over."


class RunningTrial:
    """Runs one trial, and takes in its reports."""

    def __init__(
        self,
        number: int,
        parameters: dict[str, Any],
        judge: Callable[[RunningTrial], str | None],
        keep_predictions: Callable[[int, npt.NDArray[np.float32]], None],
    ) -> None:
        """Prepare a trial.

        Args:
            number: The trial's.
            parameters: Those that are active.
            judge: Told after each step; says why to stop here, `OVER` to drop the trial, or None.
            keep_predictions: Given the trial's number and its predictions.
        """
        self.number = number
        self.curve: list[float] = []
        self._parameters = parameters
        self._judge = judge
        self._keep_predictions = keep_predictions
        self._pruned_because: str | None = None
        self._failure: BaseException | None = None

    def run(self, objective: Objective) -> Trial | None:
        """Run it; None: it was dropped, because the search is over.

        Raises:
            BaseException: the search cannot go on; what the objective raises is its failure.
        """
        attempt = Attempt(self.number, self._parameters, self._report, self._keep)
        started = time.monotonic()
        value, state, reason = _measured(objective, attempt)
        if self._failure is not None:
            raise self._failure
        if self._pruned_because == OVER:
            return None
        if state == "complete" and self._pruned_because:
            state, reason = "pruned", self._pruned_because
        taken = round(time.monotonic() - started, MICROSECONDS)
        return Trial(self.number, self._parameters, state, value, taken, tuple(self.curve), reason)

    def _report(self, step: int, value: float) -> str | None:
        if step != len(self.curve) + 1:
            raise ValueError(f"step {step} was reported after step {len(self.curve)}")
        self.curve.append(float(f"{value:.{DIGITS}g}"))
        self._pruned_because = self._guarded(lambda: self._judge(self))
        return self._pruned_because

    def _keep(self, predictions: npt.NDArray[np.float32]) -> None:
        self._guarded(lambda: self._keep_predictions(self.number, predictions))

    def _guarded(self, work: Callable[[], str | None]) -> str | None:
        """Do what is ours inside the objective; where that fails, the trial is not to blame."""
        try:
            return work()
        except BaseException as error:
            self._failure = error
            return OVER


def _measured(objective: Objective, attempt: Attempt) -> tuple[float | None, State, str | None]:
    """Measure one configuration; give its value, or the cause of its failure."""
    try:
        value = float(objective(attempt))
    except Exception as error:
        return None, "failed", f"{type(error).__name__}: {error}"
    if not math.isfinite(value):
        return None, "failed", f"the metric is {value}"
    return value, "complete", None
