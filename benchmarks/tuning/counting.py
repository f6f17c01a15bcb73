"""Counting ones: a problem of learning curves whose optimum is known."""

from __future__ import annotations

import statistics
from dataclasses import replace

import numpy as np

from benchmarks.tuning.running import Course, path, run
from experiment_cycle.tuning.contract import Attempt, Halving, Study, Trial
from experiment_cycle.tuning.halving import rungs_of
from experiment_cycle.tuning.spaces import SearchSpace

EPOCHS = 81
CHOICES, NUMBERS = 8, 8
COUNTING: dict[str, SearchSpace] = {
    f"choice{place}": SearchSpace(type="categorical", choices=(0, 1)) for place in range(CHOICES)
} | {f"number{place}": SearchSpace(type="float", low=0.0, high=1.0) for place in range(NUMBERS)}
DRAWS = 10
"""Draws of each number an epoch."""


class CountingOnes:
    """Counts ones: choices as they are, numbers as the mean of draws, more of them each epoch."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def __call__(self, attempt: Attempt) -> float:
        """Draw epoch by epoch."""
        fixed = sum(attempt.parameters[f"choice{place}"] for place in range(CHOICES))
        chances = [attempt.parameters[f"number{place}"] for place in range(NUMBERS)]
        random = np.random.default_rng([self._seed, attempt.number])
        drawn = random.binomial(DRAWS, chances, (EPOCHS, NUMBERS)).cumsum(axis=0)
        values = fixed + (drawn / (DRAWS * np.arange(1, EPOCHS + 1)[:, None])).sum(axis=1)
        for step, value in enumerate(values, start=1):
            if attempt.report(step, float(value)):
                return float(value)
        return float(values[-1])


def _regret(trial: Trial) -> float:
    return CHOICES + NUMBERS - sum(float(value) for value in trial.parameters.values())


def counting(seeds: int) -> None:
    """Print the share of epochs."""
    print(f"Counting ones, {EPOCHS} epochs a trial: share of random search's epochs, {seeds} seeds")
    print(f"{'random trials':>14}{'regret':>8}{'hyperband':>11}{'final regret':>14}{'bar':>6}")
    for trials in (20, 50):
        budget = trials * EPOCHS
        base = Study("k", "random", COUNTING, trials, greater_is_better=True, seed=0)
        halving = Halving(rungs_of(EPOCHS, None, 3), 3)
        stopping = replace(base, method="hyperband", trials=trials * 8, halving=halving)
        random, halved = [], []
        for seed in range(seeds):
            objective = CountingOnes(seed)
            random.append(path(run(replace(base, seed=seed), objective), _regret, least=False))
            halved.append(path(run(replace(stopping, seed=seed), objective), _regret, least=False))
        target = statistics.mean(_at(course, budget) for course in random)
        share = next(
            (
                share
                for share in np.arange(0.02, 1.001, 0.02)
                if statistics.mean(_at(course, share * budget) for course in halved) <= target
            ),
            float("nan"),
        )
        final = statistics.mean(_at(course, budget) for course in halved)
        print(f"{trials:14}{target:8.2f}{share:11.2f}{final:14.2f}{0.33:6.2f}", flush=True)


def _at(course: Course, budget: float) -> float:
    """Look up what a search was worth when it had used its budget."""
    reached = [worth for used, worth in course if used <= budget]
    return reached[-1] if reached else float(CHOICES + NUMBERS)
