"""Objectives for the tests of W&B's agents, which are run in the agents' processes."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, replace

import numpy as np

from experiment_cycle.testing.objectives import squared
from experiment_cycle.tuning.contract import Attempt


@dataclass(frozen=True)
class Stepwise:
    """Takes its time for each step, seconds; makes W&B's agent ask the server more often."""

    seconds: float

    def __call__(self, attempt: Attempt) -> float:
        from wandb.agents.pyagent import Agent

        Agent.HEARTBEAT_SLEEP_SECONDS = 0.05

        def report(step: int, value: float) -> str | None:
            time.sleep(self.seconds)
            return attempt.report(step, value)

        return squared(replace(attempt, report=report))


def loud(attempt: Attempt) -> float:
    """Print, and measure."""
    sys.stdout.write(f"trial {attempt.number} begins\n")
    return squared(attempt)


def in_three_steps(attempt: Attempt) -> float:
    """Report three values, of which the second one counts, and hand predictions over."""
    rate = attempt.parameters["rate"]
    for step, value in enumerate((2.0, rate, 1.5), start=1):
        attempt.report(step, value)
    attempt.keep_predictions(np.array([attempt.number, rate], np.float32))
    return float(rate)
