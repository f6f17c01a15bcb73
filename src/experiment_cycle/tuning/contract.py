"""What a tuner is: the one thing a backend must be able to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from experiment_cycle.tuning.spaces import Space

Method = Literal["grid", "random", "bayesian", "hyperband"]
State = Literal["complete", "pruned", "failed"]

Report = Callable[[int, float], str | None]
"""Takes a step, counted from 1, and the metric after it; returns why to stop here, or None."""


@dataclass(frozen=True)
class Attempt:
    """One configuration that is to be measured; `report` is to be told of every step."""

    number: int
    parameters: dict[str, Any]
    report: Report


Objective = Callable[[Attempt], float]
"""Measures one configuration. Stops where `report` returns a reason, and tells what it had reached.

May raise, or return nan: then the trial has failed. It is called in several threads at once where
a study has several workers.
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
    """

    trials: tuple[Trial, ...]
    stopped_because: str
    spent_seconds: float


class Tuner(Protocol):
    """A search algorithm with a memory of its own. The trials themselves are the objective's."""

    def __init__(self, folder: Path) -> None:
        """Keep studies in `folder`, which exists."""

    def finished(self, study: Study) -> Sequence[Trial]:
        """List the trials of the study that an earlier run finished, at most `study.trials`.

        Raises:
            IntegrityError: what was kept cannot be read.
            BackendError: another process is at it.
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
            on_trial: Told of each new trial when it is kept, by one thread at a time.

        Raises:
            IntegrityError: what was kept cannot be read.
            BackendError: the study cannot be written, or another process is at it.
        """
        ...
