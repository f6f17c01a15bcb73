"""What a tuner is: the one thing a backend must be able to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from experiment_cycle.tuning.spaces import Space

Method = Literal["grid", "random", "bayesian", "hyperband"]
State = Literal["complete", "pruned", "failed"]

Report = Callable[[int, float], str | None]
"""Takes a step, counted from 1, and the metric after it; returns why to stop here, or None."""

KeepPredictions = Callable[[npt.NDArray[np.float32]], None]
"""Takes what a trial predicts for the validation rows; the last array it is given is kept."""


@dataclass(frozen=True)
class Attempt:
    """One configuration that is to be measured.

    Attributes:
        number: The trial's.
        parameters: Those that are active.
        report: To be told of every step.
        keep_predictions: To be given the validation predictions, where there are any. The tuner's
            store keeps them, so that an objective needs no disk in common with it.
    """

    number: int
    parameters: dict[str, Any]
    report: Report
    keep_predictions: KeepPredictions


Objective = Callable[[Attempt], float]
"""Measures one configuration. Stops where `report` returns a reason, and tells what it had reached.

May raise, or return nan: then the trial has failed. It can be pickled, because it is called in
several processes at once where a study has several workers; the same attempt gives the same values
in each of them.
"""


@dataclass(frozen=True)
class Halving:
    """When trials are stopped early: successive halving, see `tuning.halving`.

    Attributes:
        rungs: The steps after which a trial is compared with others, ascending.
        reduction_factor: One of so many goes on.
    """

    rungs: tuple[int, ...]
    reduction_factor: int


@dataclass(frozen=True)
class Study:
    """One search: what is varied, how often, and under which key it is kept.

    Studies with the same key ask the same question of the same data, so that their trials can be
    counted together. What does not change a trial is not part of the key: `trials`, `seconds` and
    `workers`.

    Attributes:
        key: A hash, fit for the name of a file.
        method: How configurations are chosen.
        space: What is varied.
        trials: The most trials, those of earlier runs included.
        greater_is_better: The metric's direction.
        seed: From which every random choice flows.
        seconds: The most wall time, that of earlier runs included; None: no limit.
        workers: How many trials run at once.
        batch: Trial k is chosen by what trials 0 to k - batch have shown, whoever is ready sooner,
            so that the number of workers changes nothing. More workers than that stand idle.
        first: The parameters of trial 0, which may lie outside the space; None: as the method says.
        halving: Method hyperband: when trials are stopped early.
        metric: The name of what is measured, for backends that show it.
    """

    key: str
    method: Method
    space: Space
    trials: int
    greater_is_better: bool
    seed: int
    seconds: float | None = None
    workers: int = 1
    batch: int = 1
    first: dict[str, Any] | None = None
    halving: Halving | None = None
    metric: str = "value"


@dataclass(frozen=True)
class Trial:
    """One configuration that was tried.

    Attributes:
        number: Its place among the trials, from 0.
        parameters: Those that are active.
        state: Complete; pruned, which is stopped early; or failed.
        value: The metric; None where it failed. Of a pruned trial, what it had reached.
        duration_seconds: Wall time.
        curve: The metric after each step, of a failed trial up to its failure.
        reason: Why it was pruned, or what it failed of.
    """

    number: int
    parameters: dict[str, Any]
    state: State
    value: float | None
    duration_seconds: float
    curve: tuple[float, ...] = ()
    reason: str | None = None


@dataclass(frozen=True)
class Searched:
    """What a search has found, and why it ended.

    Attributes:
        trials: In the order of their numbers.
        stopped_because: A sentence.
        spent_seconds: Wall time of the study, earlier runs included.
        caveats: What this backend cannot promise of them, a sentence each.
    """

    trials: tuple[Trial, ...]
    stopped_because: str
    spent_seconds: float
    caveats: tuple[str, ...] = ()


class Tuner(Protocol):
    """A search algorithm with a memory of its own. The trials themselves are the objective's."""

    def __init__(self, folder: Path) -> None:
        """Keep studies in `folder`, which exists: see `tuning.store` for what it then holds."""

    def finished(self, study: Study) -> Sequence[Trial]:
        """List the trials of the study that an earlier run finished, at most `study.trials`.

        Raises:
            IntegrityError: what was kept cannot be read.
        """
        ...

    def run(
        self, study: Study, objective: Objective, on_trial: Callable[[Trial], None]
    ) -> Searched:
        """Try configurations until the budget is used up, or nothing is left to try.

        A trial is kept as soon as it is finished, and survives the death of the process; one that
        was under way is done again, once. The same study gives the same trials, durations aside,
        however often it was interrupted and however many workers there are. Where the time runs
        out, that decides how many trials there are, nothing else; trials under way are dropped,
        unless none is complete yet.

        Args:
            study: What to search.
            objective: Measures one configuration.
            on_trial: Told in this process of each new trial, one at a time, whoever ran it.

        Raises:
            IntegrityError: what was kept cannot be read.
            BackendError: the study cannot be written.
        """
        ...
