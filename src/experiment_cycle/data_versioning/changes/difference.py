"""What changed from one version of the dataset to another."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

from experiment_cycle.columns import ROW
from experiment_cycle.data_versioning.changes.rows import Recognised, RowChanges, kind_of, one
from experiment_cycle.data_versioning.records import ColumnProfile, DatasetProfile
from experiment_cycle.options import Record


class ColumnChange(Record):
    """One column of either version."""

    status: Literal["same", "changed", "retyped", "added", "removed"]
    old_type: str | None
    new_type: str | None
    values_changed: int | None
    """In rows that both versions have; where rows are recognised by their values alone, how many
    values went while others came, for whatever reason. None where they cannot be compared."""


class Difference(Record):
    """Rows and columns by which two versions differ."""

    old_rows: int
    new_rows: int
    rows_added: int
    rows_removed: int
    rows_changed: int | None
    """None where rows are recognised by their values: a changed row is one removed, one added."""
    recognised_by: Recognised
    columns: dict[str, ColumnChange]

    @property
    def same_rows(self) -> bool:
        """Tell whether the same rows of the same columns are there, in whatever order."""
        unlike = (each for each in self.columns.values() if each.status != "same")
        return not (self.rows_added or self.rows_removed or self.rows_changed or any(unlike))


class StatisticChange(Record):
    """One statistic of one column that is not what it was."""

    column: str
    statistic: str
    old: float
    new: float
    change: float
    """In standard deviations of the old version; of shares the difference, of counts the ratio
    minus 1."""


def difference(changes: RowChanges) -> Difference:
    """Count what was added, removed and changed, rows and columns."""
    counted = _values_changed(changes)
    old, new = changes.old.types, changes.new.types
    return Difference(
        old_rows=changes.old.rows,
        new_rows=changes.new.rows,
        rows_added=changes.count("added"),
        rows_removed=changes.count("removed"),
        rows_changed=None if changes.recognised_by == "values" else changes.count("changed"),
        recognised_by=changes.recognised_by,
        columns={
            name: _column(old.get(name), new.get(name), counted.get(name))
            for name in dict.fromkeys((*old, *new))
        },
    )


def moved_statistics(old: DatasetProfile, new: DatasetProfile) -> tuple[StatisticChange, ...]:
    """List the statistics that are not what they were, those that moved furthest first.

    Compared are the share of missing values, the number of distinct ones, mean, standard deviation
    and quantiles of numbers, and the share of the value that was most frequent.
    """
    moved = [
        each
        for name, column in old.columns.items()
        if name in new.columns
        for each in _moved(name, (column, old.rows), (new.columns[name], new.rows))
    ]
    return tuple(sorted(moved, key=lambda each: -abs(each.change)))


def _column(old: str | None, new: str | None, values_changed: int | None) -> ColumnChange:
    status: Literal["same", "changed", "retyped", "added", "removed"]
    if old is None or new is None:
        status = "added" if old is None else "removed"
    elif old != new and (kind_of(old) != kind_of(new) or kind_of(old) == "decimal"):
        status = "retyped"
    else:
        status = "changed" if values_changed else "same"
    return ColumnChange(status=status, old_type=old, new_type=new, values_changed=values_changed)


def _values_changed(changes: RowChanges) -> dict[str, int]:
    if changes.recognised_by != "values":
        return _values_changed_in_rows(changes)
    counted = {}
    for place, column in enumerate(changes.shared):
        # rows that are in both versions would add the same to either side
        came, went = one(
            changes.connection,
            "SELECT coalesce(sum(greatest(more, 0)), 0), coalesce(sum(greatest(-more, 0)), 0) FROM "
            f"(SELECT sum(in_new) - sum(in_old) AS more FROM differing GROUP BY c{place})",
        )
        counted[column.name] = int(min(came, went))
    return counted


def _values_changed_in_rows(changes: RowChanges) -> dict[str, int]:
    if not changes.shared:
        return {}
    values = ", ".join(f"{each.value} AS c{place}" for place, each in enumerate(changes.shared))
    unequal = ", ".join(
        f"count(*) FILTER (o.c{place} IS DISTINCT FROM n.c{place})"
        for place in range(len(changes.shared))
    )
    counts = one(
        changes.connection,
        f"SELECT {unequal} FROM changed "
        f"JOIN (SELECT {values}, {ROW} AS position FROM old) AS o ON o.position = old_position "
        f'JOIN (SELECT {values}, {ROW} AS position FROM "new") AS n ON n.position = new_position',
    )
    return {column.name: int(count) for column, count in zip(changes.shared, counts, strict=True)}


def _moved(
    name: str, old: tuple[ColumnProfile, int], new: tuple[ColumnProfile, int]
) -> Iterator[StatisticChange]:
    after = {statistic: value for statistic, value, _ in _statistics(*new, old[0])}
    for statistic, before, unit in _statistics(*old, old[0]):
        now = after.get(statistic)
        if now is None or now == before:
            continue
        change = (now - before) / unit if unit else math.copysign(1.0, now - before)
        if math.isfinite(change):
            yield StatisticChange(
                column=name, statistic=statistic, old=before, new=now, change=change
            )


def _statistics(
    column: ColumnProfile, rows: int, reference: ColumnProfile
) -> Iterator[tuple[str, float, float]]:
    """Give name, value and unit of the statistics of a column; the unit is the old version's."""
    yield "missing", column.missing / max(1, rows), 1.0
    if "distinct" not in column.estimated:
        yield "distinct", float(column.distinct), float(reference.distinct)
    deviation = reference.standard_deviation or 0.0
    if column.mean is not None:
        yield "mean", column.mean, deviation
    if column.standard_deviation is not None:
        yield "standard deviation", column.standard_deviation, deviation
    for quantile, value in (column.quantiles or {}).items():
        yield quantile, value, deviation
    if reference.mean is None and reference.top:
        level, known = reference.top[0][0], dict(column.top)
        # a value that is not among the most frequent ones kept occurs, but how often is not known
        if level in known or len(known) == column.distinct:
            yield f"share of '{level}'", known.get(level, 0) / max(1, rows), 1.0
