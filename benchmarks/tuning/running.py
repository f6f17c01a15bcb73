"""A study in an empty folder, and how far it has come after so many epochs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from experiment_cycle.tuning.contract import Objective, Study, Trial
from experiment_cycle.tuning.optuna import OptunaTuner

Course = list[tuple[int, float]]
"""Epochs used so far, and what the best complete trial is worth."""


def run(study: Study, objective: Objective) -> list[Trial]:
    """Run a study in an empty folder."""
    with TemporaryDirectory() as folder:
        searched = OptunaTuner(Path(folder)).run(study, objective, lambda trial: None)
    return list(searched.trials)


def path(trials: list[Trial], worth: Callable[[Trial], float], *, least: bool) -> Course:
    """Follow a search."""
    found: Course = []
    used, best = 0, None
    sign = 1.0 if least else -1.0
    for trial in trials:
        used += len(trial.curve)
        if trial.state == "complete" and trial.value is not None:
            best = min(best or (sign * trial.value, trial), (sign * trial.value, trial), key=_first)
        if best is not None:
            found.append((used, worth(best[1])))
    return found


def _first(pair: tuple[float, Trial]) -> float:
    return pair[0]
