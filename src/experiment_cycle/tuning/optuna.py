"""Search with Optuna: on a grid, random, Bayesian (TPE), or Hyperband."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from experiment_cycle.tuning.contract import Objective, Searched, Study, Trial
from experiment_cycle.tuning.halving import SuccessiveHalving
from experiment_cycle.tuning.optuna_choice import OptunaChoice
from experiment_cycle.tuning.store import StudyStore
from experiment_cycle.tuning.workers import run_trials


class OptunaTuner:
    """Chooses trials with Optuna, in every process that takes part, and keeps them in a store."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def finished(self, study: Study) -> list[Trial]:
        """List the trials that an earlier run finished; see `Tuner.finished`."""
        return StudyStore(self._folder, study).finished()

    def run(
        self, study: Study, objective: Objective, on_trial: Callable[[Trial], None]
    ) -> Searched:
        """Continue the study up to its budget; see `Tuner.run`."""
        stopping = None
        if study.halving is not None:
            stopping = SuccessiveHalving(study.halving, study.greater_is_better)
        return run_trials(
            *(study, StudyStore(self._folder, study), objective, on_trial),
            choice=OptunaChoice,
            stopping=stopping,
        )
