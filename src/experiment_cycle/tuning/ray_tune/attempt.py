"""One trial as it runs in a worker of the cluster."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import numpy.typing as npt
import ray
from ray import tune
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from experiment_cycle.tuning.attempts import OVER, RunningTrial
from experiment_cycle.tuning.contract import Objective
from experiment_cycle.tuning.ray_tune.desk import STEP_BACK
from experiment_cycle.tuning.stopping import EarlyStopping

SHOW_SECONDS = 0.1
"""How often Ray is told of a trial's steps at most: each time, the trial waits for the driver."""


def run_trial(
    config: dict[str, Any], objective: Objective, stopping: EarlyStopping | None, desk: Any
) -> dict[str, Any]:
    """Measure one configuration, and hand what became of it to the desk.

    Args:
        config: `trial`, its number, and `parameters`, as Ray passes them on.
        objective: Measures a configuration.
        stopping: What stops trials early.
        desk: The actor `Desk`.

    Returns:
        What Ray keeps of it.
    """
    steps = _Steps(stopping, desk)
    running = RunningTrial(config["trial"], config["parameters"], steps.judge, steps.keep)
    # a worker has one CPU
    with threadpool_limits(1):
        trial = running.run(objective)
    if trial is None:
        return {"value": math.nan, "state": "stepped back"}
    ray.get(desk.finish.remote(trial, steps.predictions))
    return {"value": math.nan if trial.value is None else trial.value, "state": trial.state}


class _Steps:
    """Tells Ray and the desk of a trial's steps."""

    def __init__(self, stopping: EarlyStopping | None, desk: Any) -> None:
        self.predictions: npt.NDArray[np.float32] | None = None
        self._stopping = stopping
        self._desk = desk
        self._shown = time.monotonic()

    def judge(self, running: RunningTrial) -> str | None:
        step = len(running.curve)
        is_rung = self._stopping is not None and self._stopping.is_rung(step)
        if is_rung or time.monotonic() - self._shown > SHOW_SECONDS:
            tune.report({"value": running.curve[-1], "step": step, "state": "under way"})
            self._shown = time.monotonic()
        if not is_rung:
            return None
        reason: str | None = ray.get(self._desk.judge.remote(running.number, tuple(running.curve)))
        return OVER if reason == STEP_BACK else reason

    def keep(self, _: int, predictions: npt.NDArray[np.float32]) -> None:
        self.predictions = predictions
