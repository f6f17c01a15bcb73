"""What a model does with unusual tables, as it is stored."""

from __future__ import annotations

from typing import Literal

from experiment_cycle.options import Record

Did = Literal["predicted", "refused", "crashed"]


class EdgeCase(Record):
    """One unusual table, what is expected of the model there, and what it did."""

    case: str
    column: str | None
    """Which column is unusual; None: the table as a whole."""
    status: Literal["passed", "failed"]
    expected: str
    did: Did
    """refused: with one of this project's errors; crashed: with any other."""
    told: str
    """What the model did, in a sentence: the error where there is one."""
    moved: float | None = None
    """The greatest change of a prediction against the same rows as they are; None: none to tell."""


class EdgeCases(Record):
    """Every case that was tried on the challenger, with rows of train."""

    rows: int
    columns: int
    """How many of the columns the model reads were tried one by one."""
    left_out: tuple[str, ...]
    """Columns that it reads and that were not, for there are too many."""
    passed: int
    failed: int
    cases: tuple[EdgeCase, ...]
