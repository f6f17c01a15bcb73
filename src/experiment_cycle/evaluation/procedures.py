"""How one side of a comparison makes a model of any rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.problem import Task
from experiment_cycle.training.logical_run import LogicalRun, run_plan
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.plan import Plan
from experiment_cycle.tuning.options import TuningOptions
from experiment_cycle.tuning.search import search


@dataclass(frozen=True)
class Procedure:
    """An estimator and its hyperparameters; `tuned`: they are searched for anew."""

    estimator: str
    hyperparameters: dict[str, Any]
    tuned: bool

    def make(
        self,
        train: pd.DataFrame,
        validation: pd.DataFrame,
        columns: Columns,
        training: TrainingOptions,
        tuning: TuningOptions,
        task: Task,
        seed: int,
        studies: Path,
    ) -> LogicalRun:
        """Tune, where that is asked for, and train with one seed. Costs a search and a training.

        Args:
            train: Training rows.
            validation: Rows that stop the learning, and choose hyperparameters and threshold.
            columns: The roles of the columns.
            training: How models are trained.
            tuning: How hyperparameters are searched for, if the estimator has a search space.
            task: As declared.
            seed: From which every random choice flows.
            studies: Where studies are kept.
        """
        options = training.model_copy(update={"estimator": self.estimator})
        hyperparameters = self.hyperparameters
        if self.tuned and tuning.space(options):
            found = search(
                *(train, validation, columns, options, tuning),
                *(task, seed, studies),
            )
            hyperparameters = found[1]
        return run_plan(
            Plan(
                *(self.estimator, hyperparameters, train, validation, columns),
                *(options, task, seed),
            )
        )
