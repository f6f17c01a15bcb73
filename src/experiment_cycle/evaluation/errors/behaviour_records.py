"""What a model did when rows were changed, as it is stored."""

from __future__ import annotations

from typing import Any, Literal

from experiment_cycle.options import Record


class Violation(Record):
    """One row on which an expectation does not hold: its own number, and what was changed."""

    row: int
    before: dict[str, Any]
    after: dict[str, Any]
    predicted: float
    predicted_after: float


class BehaviourResult(Record):
    """One expectation, on the validation rows that the change alters."""

    name: str
    change: str
    expected: str
    status: Literal["passed", "failed", "not_applicable"]
    min_share: float
    rows: int
    units: int
    share: float | None
    """Of these rows: where it holds; passed from `min_share` on."""
    lower: float | None
    upper: float | None
    median_change: float | None
    """Of the prediction; of several classes and no direction, the greatest of them in each row."""
    violations: tuple[Violation, ...]
    """The worst ones, the worst first."""
    note: str | None = None


class Behaviour(Record):
    """Every expectation declared in `evaluation.behaviour`."""

    rows: int
    """Validation rows that were asked, sampled where there are many."""
    confidence: float
    tests: tuple[BehaviourResult, ...]
