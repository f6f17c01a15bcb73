"""What is to be trained: one model, on which rows, with which seeds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.problem import Task
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.seeds import derive_seed


@dataclass(frozen=True, eq=False)
class Plan:
    """What is to be trained on which rows; `seeds` trainings that differ by their seed alone.

    `checkpoints_folder` is the place of this plan alone; None: no checkpoints. `live`: the first
    training is told to those who watch, see `live_metrics`.
    """

    estimator: str
    hyperparameters: dict[str, Any]
    train: pd.DataFrame
    validation: pd.DataFrame
    columns: Columns
    options: TrainingOptions
    task: Task
    seed: int
    seeds: int = 1
    checkpoints_folder: Path | None = None
    live: bool = False

    def seed_at(self, place: int) -> int:
        """Give the seed of one training, the first counted as 1."""
        return derive_seed(self.seed, place)
