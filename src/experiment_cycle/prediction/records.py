"""What is known of a prediction, as it is stored beside the predictions."""

from __future__ import annotations

from experiment_cycle.options import Record


class OutOfRange(Record):
    """Values outside of what the training rows held, `low` to `high`; dates are in ISO 8601.

    `lowest` and `highest` are those of these rows only.
    """

    rows: int
    lowest: float | str
    highest: float | str
    low: float | str
    high: float | str

    def told(self) -> str:
        """Write what was found outside: a value, or the least and the greatest."""
        ends = dict.fromkeys([_told(self.lowest), _told(self.highest)])
        return " to ".join(ends)


class Unseen(Record):
    """Levels of a column that no training row has."""

    rows: int
    levels: int
    frequent: dict[str, int]
    """The most frequent ones, with their rows."""


class RowChecks(Record):
    """What was found in the new rows before the first one was scored; counts by column."""

    rows: int
    extra_columns: tuple[str, ...]
    """Neither features nor named in `columns`: not read by the model."""
    missing_values: dict[str, int]
    """Only of columns that had none in training."""
    out_of_range: dict[str, OutOfRange]
    unseen_levels: dict[str, Unseen]
    not_checked: tuple[str, ...] = ()
    """Checks that could not be made, and why."""

    def warnings(self) -> list[str]:
        """Say what a reader of the predictions should know, one sentence a finding."""
        lines = [
            f"Column '{name}' is missing in {_of(count, self.rows)}; in training it never was."
            for name, count in self.missing_values.items()
        ]
        lines += [
            f"Column '{name}' is outside of {_told(found.low)} to {_told(found.high)}, the range "
            f"in training, in {_of(found.rows, self.rows)}: {found.told()}."
            for name, found in self.out_of_range.items()
        ]
        lines += [
            f"Column '{name}' has {found.levels} levels that no training row has, in "
            f"{_of(found.rows, self.rows)}: "
            + ", ".join(f"'{level}' ({rows})" for level, rows in found.frequent.items())
            + (", …." if found.levels > len(found.frequent) else ".")
            for name, found in self.unseen_levels.items()
        ]
        return [*lines, *self.not_checked]


class PredictionRecord(Record):
    """Which model scored which rows, and what came of it; hashes are SHA-256 of whole files."""

    registered_model: str
    version: int
    identity: str
    decision_hash: str | None
    """Of the decision that made it champion; None where a person did."""
    problem: str
    threshold: float | None
    input_file: str
    input_hash: str | None
    """None where the rows come from no single file."""
    output_file: str
    output_hash: str
    rows: int
    seconds: float
    checks: RowChecks

    def summary(self) -> str:
        """Say in one line what was done."""
        findings = len(self.checks.warnings())
        told = (
            f"; {findings} finding{'s' * (findings > 1)}, listed in {self.output_file}.json"
            if findings
            else ""
        )
        return (
            f"{self.rows} rows predicted by version {self.version} of '{self.registered_model}' in "
            f"{self.seconds:.1f} s: {self.output_file}{told}"
        )


def _of(count: int, rows: int) -> str:
    return f"{count} of {rows} rows"


def _told(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"
