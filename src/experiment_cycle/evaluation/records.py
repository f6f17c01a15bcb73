"""What the evaluation measured, as it is stored."""

from __future__ import annotations

from typing import Any, Literal

from experiment_cycle.metrics.units import UnitName
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


class ClassEstimates(Record):
    """One model on one class: of the rows called so, of the rows that are so, and both."""

    name: str
    rows: int
    precision: Estimate
    recall: Estimate
    f1: Estimate


class Metrics(Record):
    """Both models on the test rows; `effective_units` is (sum n)^2 / sum n^2 over the units."""

    problem: Problem
    rows: int
    unit: UnitName
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
    by_class: dict[str, tuple[ClassEstimates, ...]] | None = None
    """Classification, per model: the metrics of each class, in the order of their codes."""
    method: str = ""
    """How the intervals were made, in words, with its source."""
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
    """The levels of one sensitive column, or of several at once, and the gaps between them.

    The intervals of gaps are percentiles over resamples of the units.
    """

    column: str
    groups: tuple[GroupMetrics, ...]
    gaps: dict[str, Estimate]
    note: str | None = None


class Fairness(Record):
    """Every sensitive column, then their intersections."""

    columns: tuple[SensitiveColumn, ...]
    confidence: float = 0.95


class TradeOff(Record):
    """How good and how even calls are: the objective and the gap on the test rows.

    `tolerance` is the gap that was allowed when fitting; None for the models as they are, and where
    `share` tells which part of the rows is called by the mitigated model, drawn at random.
    """

    name: str
    objective: Estimate
    gap: Estimate
    tolerance: float | None = None
    share: float | None = None


class Mitigation(Record):
    """What a fairer alternative would cost; it decides nothing.

    `method` is none where none was asked for, or where there can be none, see `note`.
    """

    method: Literal["none", "threshold_optimizer", "exponentiated_gradient"]
    constraint: str
    column: str | None = None
    objective: str
    gap: str
    """The gap that the constraint is about, by its name in `Fairness`."""
    models: tuple[TradeOff, ...] = ()
    """Challenger and incumbent as they are."""
    points: tuple[TradeOff, ...] = ()
    note: str | None = None


class WeakSlice(Record):
    """A slice that looked weak on one half of the test units, as the other half judges it.

    `excess` is its mean loss less that of all other rows, with its two-sided interval (not adjusted
    for the number of slices); the p-value is one-sided, adjusted by Holm's method.
    """

    slice: str
    columns: tuple[str, ...]
    rows: int
    units: int
    loss: float | None
    rest: float | None
    excess: float | None
    lower: float | None
    upper: float | None
    p_value: float
    adjusted_p_value: float
    confirmed: bool
    excess_when_found: float
    note: str | None = None


class WeakSlices(Record):
    """What the search for weak slices found; without slices where it was not made, see `note`."""

    loss: str
    alpha: float
    searched_rows: int = 0
    confirming_rows: int = 0
    candidates: int = 0
    """How many slices were looked at."""
    slices: tuple[WeakSlice, ...] = ()
    note: str | None = None


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
    retrained: bool = False
    """It is not the champion itself, but the champion's procedure on the present training rows."""
