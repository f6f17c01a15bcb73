"""Counterfactuals, as they are stored."""

from __future__ import annotations

from experiment_cycle.options import Record


class Change(Record):
    """One feature of a row, as it is and as it would have to be."""

    feature: str
    value: str
    other: str


class Counterfactual(Record):
    """One test row, and the fewest changes found that give it the other prediction."""

    row: int
    """`__row__`."""
    target: str
    """What came true."""
    called: str
    """What the challenger says of the row as it is."""
    wanted: str
    """What it says of the changed one."""
    before: float
    after: float
    """Binary: probability of the positive class; multiclass: of the wanted one; else the value."""
    train_row: int
    """`__row__` of the training row the values come from."""
    distance: float
    """From it, 0 to 1: the mean difference of a feature (Gower, Biometrics 1971)."""
    changes: tuple[Change, ...]


class Counterfactuals(Record):
    """What was searched, and what was found."""

    rows: int
    """Test rows that were looked at."""
    wrong: int
    """Of them, called wrongly."""
    donors: int
    """Training rows that values may come from."""
    immutable: tuple[str, ...]
    found: tuple[Counterfactual, ...]
    not_found: int
    """Rows for which no nearby training row gives the other prediction."""
    note: str | None = None
    """Why there are none, where none are searched."""
