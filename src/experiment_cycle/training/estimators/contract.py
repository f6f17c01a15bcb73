"""What every estimator's file offers: its preprocessing, and one fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from sklearn.base import ClassifierMixin
from sklearn.compose import ColumnTransformer

from experiment_cycle.training.features import Features
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.prepared import Prepared
from experiment_cycle.training.records import TrainingHistory

OnRound = Callable[[float, float], None]
"""Told after every round: the watched metric on validation, and its best value so far."""


@dataclass(frozen=True)
class Fitted:
    """A fitted classifier of 0 and 1, how it got there, and what to warn of."""

    estimator: ClassifierMixin
    history: TrainingHistory
    warning: str | None = None


class Recipe(Protocol):
    """How one kind of estimator is made; each module of this folder is one."""

    def make_preprocess(self, features: Features) -> ColumnTransformer:
        """Make the unfitted preprocessing; its branches are `numeric` and `categorical`."""
        ...

    def fit(
        self,
        prepared: Prepared,
        hyperparameters: dict[str, Any],
        options: TrainingOptions,
        seed: int,
        on_round: OnRound | None = None,
        watch_train: bool = True,
    ) -> Fitted:
        """Fit on the training matrix; validation is for early stopping and history only.

        Args:
            prepared: The matrices.
            hyperparameters: Checked values, every one of them given.
            options: Threads and early stopping.
            seed: From which every random choice flows.
            on_round: Called after every round, where the estimator has rounds.
            watch_train: Also evaluate the training rows; a search saves the time.
        """
        ...
