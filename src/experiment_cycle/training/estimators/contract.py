"""What every estimator's file offers: what it can predict, what it wants to read, and one fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from experiment_cycle.problem import ProblemType
from experiment_cycle.training.prepared import Prepared
from experiment_cycle.training.steps import StepWatch


@dataclass(frozen=True)
class Wants:
    """How an estimator wants its inputs, where the options say `auto`.

    Attributes:
        scaled: Numbers of about the same size.
        codes: Categories as numbers, which it knows to be categories; else one input a level.
        gaps: It reads missing values; else they are filled.
    """

    scaled: bool
    codes: bool
    gaps: bool


@dataclass(frozen=True)
class FitRequest:
    """One fit.

    Attributes:
        prepared: The matrices, targets and weights.
        hyperparameters: Checked values, every one of them given.
        seed: From which every random choice flows.
        threads: Threads the fit may use; the result does not depend on them.
        watch: Takes in every step and says when to stop.
    """

    prepared: Prepared
    hyperparameters: dict[str, Any]
    seed: int
    threads: int
    watch: StepWatch


@dataclass(frozen=True)
class Fitted:
    """A fitted estimator that predicts as of its best step, and what to warn of.

    Classification: `predict_proba` of the codes 0 to classes - 1. Else: `predict`.
    """

    estimator: Any
    warning: str | None = None
    stopped_because: str | None = None
    """For the history, in a sentence; None: as the watch says."""


class Recipe(Protocol):
    """How one kind of estimator is made; each module of this folder but this one is one."""

    PROBLEMS: frozenset[ProblemType]
    UNIT: Literal["round", "epoch"] | None
    """What a step is called; None: fitted at once, the curves have one point."""
    WANTS: Wants

    def steps(self, hyperparameters: dict[str, Any]) -> int | None:
        """Tell how many steps the fit takes at most; None where it has no steps."""
        ...

    def fit(self, request: FitRequest) -> Fitted:
        """Fit on the training matrix; validation is for early stopping and the curves only."""
        ...
