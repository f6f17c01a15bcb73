"""What the evaluation measured, as it is stored."""

from __future__ import annotations

from typing import Any, Literal

from experiment_cycle.options import Record
from experiment_cycle.problem import Problem
from experiment_cycle.training.records import SeedSpread


class Estimate(Record):
    """One metric of one model on one set of rows, with its two-sided interval.

    `value` and the bounds are None where the metric is not defined; `note` then says why.
    """

    value: float | None
    standard_error: float | None = None
    lower: float | None = None
    upper: float | None = None
    bootstrap_lower: float | None = None
    bootstrap_upper: float | None = None
    note: str | None = None


class Metrics(Record):
    """Both models on the test rows; `effective_units` is (sum n)^2 / sum n^2 over the units."""

    problem: Problem
    rows: int
    unit: Literal["row", "group", "query"]
    units: int
    effective_units: float
    confidence: float
    thresholds: dict[str, float] | None
    """Per model, from which probability on a row is called positive; two classes only."""
    challenger: dict[str, Estimate]
    incumbent: dict[str, Estimate]
    confusion: dict[str, tuple[tuple[int, ...], ...]] | None
    """Classification, per model: rows by true class, columns by the class that was called."""
    classes: tuple[str, ...]
    """The classes of the confusion matrix in words, in the order of their codes."""
    seeds: tuple[SeedSpread, ...] = ()
    """Each metric over the challenger and the further seeds, where there are any."""


class GroupMetrics(Record):
    """The challenger on one level of a sensitive column."""

    level: str
    rows: int
    units: int
    metrics: dict[str, Estimate]
    compared: bool
    """False where the level has too few rows to enter differences and ratios."""


class SensitiveColumn(Record):
    """The levels of one sensitive column, and the gaps between them (None: undefined)."""

    column: str
    groups: tuple[GroupMetrics, ...]
    gaps: dict[str, float | None]
    note: str | None = None


class Fairness(Record):
    """Every sensitive column."""

    columns: tuple[SensitiveColumn, ...]


class IncumbentRecord(Record):
    """What the challenger is compared with, and where it comes from."""

    kind: Literal["champion", "baseline"]
    identity: str
    problem: Problem
    threshold: float | None
    """Its own decision threshold; two classes only."""
    estimator: str
    hyperparameters: dict[str, Any]
    registered_model: str
    version: int | None = None
    run_id: str | None = None
    split_hash: str | None = None
    """Hash of the split manifest the incumbent was trained under; None: this cycle's own."""
