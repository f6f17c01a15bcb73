"""What a tuner is: the one thing a backend must be able to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from experiment_cycle.tuning.options import Space


@dataclass(frozen=True)
class Study:
    """One search: what is varied, how often, and under which key it is kept.

    Studies with the same key ask the same question of the same data, so that their trials can be
    counted together; `trials` is not part of the key.
    """

    key: str
    method: Literal["random", "bayesian"]
    space: Space
    trials: int
    greater_is_better: bool
    seed: int


@dataclass(frozen=True)
class Trial:
    """One configuration that was tried; `value` is None, and `cause` says why, where it failed."""

    number: int
    parameters: dict[str, Any]
    value: float | None
    duration_seconds: float
    cause: str | None = None


Objective = Callable[[dict[str, Any]], float]
"""Measures one configuration. May raise, or return nan: then the trial has failed."""


class Tuner(Protocol):
    """A search algorithm with a memory of its own."""

    def __init__(self, folder: Path) -> None:
        """Keep studies in `folder`, which exists."""

    def finished(self, study: Study) -> list[Trial]:
        """List the trials of the study that an earlier run finished, at most `study.trials`.

        Raises:
            IntegrityError: what was kept cannot be read.
        """
        ...

    def run(
        self, study: Study, objective: Objective, on_trial: Callable[[Trial], None]
    ) -> list[Trial]:
        """Try configurations until there are `study.trials`, those of earlier runs included.

        A finished trial is kept before the next one starts, and survives the death of the process.
        The same study gives the same trials, durations aside, however often it was interrupted.

        Args:
            study: What to search.
            objective: Measures one configuration.
            on_trial: Told of each new trial.

        Returns:
            All trials, in the order of their numbers, which start at 0.

        Raises:
            IntegrityError: what was kept cannot be read.
        """
        ...
