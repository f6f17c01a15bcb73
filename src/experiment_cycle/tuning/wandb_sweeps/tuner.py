"""Search with W&B Sweeps: on a grid, random, Bayesian, or Hyperband."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from experiment_cycle.tuning.contract import Objective, Searched, Study, Trial
from experiment_cycle.tuning.options import WandbOptions
from experiment_cycle.tuning.store import StudyStore
from experiment_cycle.tuning.wandb_sweeps.algorithms import (
    SweepsChoice,
    SweepsStopping,
    check_configuration,
)
from experiment_cycle.tuning.wandb_sweeps.configuration import sweep_configuration
from experiment_cycle.tuning.wandb_sweeps.offline_runs import OfflineRuns
from experiment_cycle.tuning.wandb_sweeps.online import OnlineSweep
from experiment_cycle.tuning.workers import run_trials

OFFLINE = WandbOptions()


class WandbTuner:
    """Chooses trials with W&B's algorithms, here or on its server, and keeps them in a store.

    Here the same seed gives the same trials; what its server chooses depends on the server alone.
    """

    def __init__(self, folder: Path, options: WandbOptions = OFFLINE) -> None:
        self._folder = folder
        self._options = options

    def finished(self, study: Study) -> list[Trial]:
        """List the trials that an earlier run finished; see `Tuner.finished`."""
        return StudyStore(self._folder, study).finished()

    def run(
        self, study: Study, objective: Objective, on_trial: Callable[[Trial], None]
    ) -> Searched:
        """Continue the study up to its budget; see `Tuner.run`."""
        store = StudyStore(self._folder, study)
        if self._options.mode == "online":
            check_configuration(sweep_configuration(study))
            return OnlineSweep(study, store, self._options).run(objective, on_trial)
        runs = OfflineRuns(store.folder, study, self._options)
        runs.write(store.finished())

        def written(trial: Trial) -> None:
            runs.write([trial])
            on_trial(trial)

        stopping = None
        if study.halving is not None and study.halving.rungs:
            stopping = SweepsStopping(study.halving, study.greater_is_better)
        searched = run_trials(
            study, store, objective, written, choice=SweepsChoice, stopping=stopping
        )
        # those of workers elsewhere
        runs.write(searched.trials)
        return searched
