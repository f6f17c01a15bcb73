"""What the evaluation measured, as it is stored."""

from __future__ import annotations

from typing import Literal

from experiment_cycle.options import Record


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

    rows: int
    unit: Literal["row", "group"]
    units: int
    effective_units: float
    confidence: float
    threshold: float
    challenger: dict[str, Estimate]
    incumbent: dict[str, Estimate]
    confusion: dict[str, dict[str, int]]
    """Per model: true_positive, false_positive, true_negative, false_negative."""


class GroupMetrics(Record):
    """The challenger on one level of a sensitive column."""

    level: str
    rows: int
    units: int
    metrics: dict[str, Estimate]
    compared: bool
    """False where the level has too few rows to enter differences and ratios."""


class SensitiveColumn(Record):
    """The levels of one sensitive column, and Fairlearn's gaps between them (None: undefined)."""

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
    registered_model: str
    version: int | None = None
    run_id: str | None = None
    split_hash: str | None = None
    """Hash of the split manifest the incumbent was trained under; None: this cycle's own."""
