"""Whether the rows that came or went are distributed like the others, column by column."""

from __future__ import annotations

from typing import Literal

from experiment_cycle.columns import Columns
from experiment_cycle.data_versioning.changes.difference import Difference
from experiment_cycle.data_versioning.changes.drift_samples import (
    Compared,
    Samples,
    comparison_of,
    samples,
    unit_column,
)
from experiment_cycle.data_versioning.changes.drift_tests import Result, Test, compare
from experiment_cycle.data_versioning.changes.rows import RowChanges, Shared
from experiment_cycle.metrics.holm import holm
from experiment_cycle.options import Record

ALPHA = 0.05
NOT_SAMPLED = frozenset({"identifier", "group", "query", "time"})
"""Roles of columns whose values are new in new rows by their nature."""


class ColumnDrift(Record):
    """One column: was its distribution in the one sample that in the other?"""

    test: Test
    compared: Compared
    p_value: float | None
    adjusted_p_value: float | None
    """By Holm's method, over all columns tested."""
    effect: float | None
    """Largest difference of the cumulative shares, or total variation (the share of rows that would
    have to change level): 0 to 1, and the more above 0 by chance, the smaller the samples and the
    more levels there are."""
    old_rows: int
    new_rows: int
    old_effective: float
    """How many independent rows the sample is worth: all, or fewer where some belong together."""
    new_effective: float
    drifted: bool
    message: str


class Drift(Record):
    """Every column that could be tested; at most `alpha` of clean versions accuse any of them."""

    alpha: float
    unit: Literal["row", "group"]
    columns: dict[str, ColumnDrift]
    message: str


def drift(changes: RowChanges, difference: Difference, columns: Columns) -> Drift:
    """Test each column both versions have for a shift of its distribution.

    Which rows are compared: `comparison_of`. Where more values of a column were corrected than rows
    were added or removed, the whole versions are compared in that column. How: `compare`. The tests
    hold for rows drawn independently, or, with a group or query declared, for groups drawn so.

    At most 100,000 rows a side are read into memory, drawn by hash.

    Args:
        changes: The rows of two versions that differ.
        difference: The same, counted.
        columns: The roles of the columns. Identifier, group, query and times are not tested.
    """
    unit: Literal["row", "group"] = "group" if unit_column(changes, columns) else "row"
    by_nature_new = {name for name, role in columns.declared().items() if role in NOT_SAMPLED}
    by_nature_new.update(columns.moments())
    tested = [each for each in changes.shared if each.name not in by_nature_new]
    compared = comparison_of(changes)
    if compared is None:
        message = "The versions have the same rows, so that no distribution moved."
        return Drift(alpha=ALPHA, unit=unit, columns={}, message=message)
    plan: dict[Compared, list[Shared]] = {}
    for each in tested:
        plan.setdefault(_compared(compared, each.name, difference), []).append(each)
    results: dict[str, tuple[Samples, Result]] = {}
    for way, of_these in plan.items():
        with samples(changes, columns, way) as drawn:
            for column, earlier, later in drawn.columns(of_these):
                results[column.name] = drawn, compare(column.kind, earlier, later, drawn)
    ordered = {each.name: results[each.name] for each in tested}
    told = _told(ordered, unit)
    if unit == "row" and (columns.group or columns.query):
        aside = "Rows count as independent, for not both versions have the declared groups."
        return told.model_copy(update={"message": f"{told.message} {aside}"})
    return told


def _compared(usual: Compared, name: str, difference: Difference) -> Compared:
    if difference.rows_changed is None:
        return usual
    corrected = difference.columns[name].values_changed or 0
    sampled = difference.rows_added if usual == "added" else difference.rows_removed
    return "whole" if corrected > sampled else usual


def _told(results: dict[str, tuple[Samples, Result]], unit: Literal["row", "group"]) -> Drift:
    names = [name for name, (_, result) in results.items() if result.p_value is not None]
    p_values = [float(results[name][1].p_value or 0.0) for name in names]
    adjusted = dict(zip(names, holm(p_values), strict=True))
    columns = {
        name: _column(drawn, result, adjusted.get(name), unit)
        for name, (drawn, result) in results.items()
    }
    drifted = [name for name, column in columns.items() if column.drifted]
    count = f"{len(names)} column{'s'[: len(names) != 1]} tested"
    listed = ", ".join(f"'{name}'" for name in drifted)
    message = f"{count}, " + (f"{len(drifted)} drifted: {listed}." if drifted else "none drifted.")
    return Drift(alpha=ALPHA, unit=unit, columns=columns, message=message)


def _column(drawn: Samples, result: Result, adjusted: float | None, unit: str) -> ColumnDrift:
    old, new = drawn.rows
    sides = {
        "added": ("added rows", "earlier ones"),
        "removed": ("removed rows", "kept ones"),
        "whole": ("rows of the new version", "of the old one"),
    }[drawn.compared]
    later, earlier = sides
    if unit == "group":
        effective = " and ".join(f"{number:,.0f}" for number in reversed(drawn.effective))
        earlier += f" (in effect {effective} groups)"
    drifted = adjusted is not None and adjusted <= ALPHA
    message = f"{new:,} {later} against {old:,} {earlier}: "
    if adjusted is None or result.p_value is None or result.effect is None:
        message += f"not tested, for {result.why_not}."
    else:
        measure = "D" if result.test == "kolmogorov_smirnov" else "total variation"
        message += (
            f"{measure} {result.effect:.3f}, p {result.p_value:.2g}, over all columns "
            f"{adjusted:.2g}: {'drifted' if drifted else 'no drift shown'}."
        )
    if (old, new) != drawn.found:
        message += f" Drawn by hash from {drawn.found[1]:,} and {drawn.found[0]:,}."
    return ColumnDrift(
        test=result.test,
        compared=drawn.compared,
        p_value=result.p_value,
        adjusted_p_value=adjusted,
        effect=result.effect,
        old_rows=old,
        new_rows=new,
        old_effective=drawn.effective[0],
        new_effective=drawn.effective[1],
        drifted=drifted,
        message=message,
    )
