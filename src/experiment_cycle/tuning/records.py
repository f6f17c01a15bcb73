"""What is known of a search, as it is stored."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from experiment_cycle.options import Record
from experiment_cycle.tuning.spaces import SearchSpace

FIXED_COLUMNS = ("trial", "state", "value", "duration_seconds", "steps", "reason")
"""Columns of the table of trials that are no hyperparameters; those come after them."""


class HonestScore(Record):
    """The best trial, judged without the luck of having been picked.

    Attributes:
        corrected: What the metric is expected to be for the trial that this search picks; None
            where it cannot be told, and `note` says why.
        standard_error: Of the best trial's value, from the spread over units of validation.
        gain: By how much the search beats the configuration it began with, in the metric's good
            direction, corrected likewise; None without that trial.
        gain_error: Standard error of the difference of the two trials, row by row.
        noise: What a gain must exceed to be more than noise, in 95 of 100 searches.
        chosen_again: In which share of the resamples the same trial was the best.
        candidates: Complete trials among which it was picked.
        resamples: Those on which the correction rests.
        units: Groups, queries or rows of validation that were drawn.
    """

    corrected: float | None
    standard_error: float | None
    gain: float | None = None
    gain_error: float | None = None
    noise: float | None = None
    chosen_again: float | None = None
    candidates: int
    resamples: int
    units: int
    note: str | None = None


class SearchRecord(Record):
    """One search: what was asked, what was tried, where it stopped and what it found.

    Attributes:
        derived: No space was given, so that it was derived from the estimator.
        space: What was varied.
        earlier: Trials that an earlier run had finished.
        seconds: Wall time of this run of it.
        stopped_because: A sentence.
        study: The key under which its trials are kept.
        default_value: The value of the first trial, the configuration itself.
        warnings: What to know before trusting the best trial, a sentence each.
    """

    method: str
    backend: str
    estimator: str
    metric: str
    derived: bool = False
    space: dict[str, SearchSpace] = Field(default={})
    trials_asked: int = 0
    seconds_asked: float | None = None
    complete: int = 0
    pruned: int = 0
    failed: int = 0
    earlier: int = 0
    seconds: float = 0.0
    workers: int = 1
    stopped_because: str = ""
    study: str | None = None
    best_trial: int | None = None
    best_value: float | None = None
    default_value: float | None = None
    honest: HonestScore | None = None
    warnings: tuple[str, ...] = ()

    @classmethod
    def nothing(cls, backend: str, estimator: str, metric: str) -> Self:
        """Record that nothing was searched."""
        return cls(
            method="none",
            backend=backend,
            estimator=estimator,
            metric=metric,
            stopped_because="Nothing was searched: the hyperparameters are as configured.",
        )

    @property
    def searched(self) -> bool:
        """Tell whether there was a search."""
        return self.method != "none"
