"""LEAK012: features that are computed from later rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from experiment_cycle.splitting.leakage.context import Audit
from experiment_cycle.splitting.leakage.encoded import Floats, Rows
from experiment_cycle.splitting.leakage.findings import (
    About,
    Accusation,
    conclude,
    not_applicable,
)
from experiment_cycle.splitting.records import Finding

ABOUT = About("LEAK012", "Features look ahead", "high")
REACH = 25
"""Rows looked at before and after: windows of up to 51 rows are seen through."""
ROWS = 1_500
MOST = 20
EXACT = 1e-6
"""Share of a column's variance a linear formula may leave and still be how it was computed."""
TIMES = 1_000.0
"""So many times more is left if later rows may not be used."""
CUTS = 3
FEWEST = 2
FILLED = 0.9
TIES = 0.1
"""Share of the rows with the moment of another one, beyond which they are several series."""


class Series(NamedTuple):
    """A numeric column in the order of time."""

    name: str
    values: Floats
    is_target: bool


def check(audit: Audit) -> Finding:
    """Look for columns that are a moving sum or mean over earlier and later rows (type L3.1).

    In the order of `time` (within groups), each numeric feature is fitted by least squares to the
    rows before and after of each numeric column and of the target. It looks ahead if the fit is
    exact with later rows, and far from it without. Reaching to the target of the row itself or
    later fails; reaching to later values of another feature warns, for which of the two was made
    from the other cannot be told from the data. What no formula shows, `look_ahead` finds in code.
    """
    if audit.moments is None:
        return not_applicable(
            ABOUT, "No time column is declared ('columns.time' in parameters_task.yml)."
        )
    ordered, series = _series(audit)
    if len(ordered) < 8 * REACH or len(series) < FEWEST:
        return not_applicable(
            ABOUT,
            "There are too few rows of one series: several rows have the same moment, or the "
            "numeric columns are too few.",
        )
    accusations = [
        accusation
        for column in series
        if not column.is_target
        for accusation in [_accuse(column, series)]
        if accusation is not None
    ]
    return conclude(
        audit,
        ABOUT,
        accusations,
        f"None of {len(series) - 1} numeric features is a moving formula of later rows.",
        "compute it from earlier rows only (shift the window back, never centre it, fill forward "
        "and not back).",
        rows=len(ordered),
        reach=REACH,
    )


def _series(audit: Audit) -> tuple[Rows, list[Series]]:
    """Read numeric columns of a stretch of rows in the order of time, of the largest group."""
    moments = audit.moments
    if moments is None:
        return np.empty(0, dtype=np.int64), []
    when = moments.values[audit.positions]
    inside = np.arange(len(when))
    if audit.columns.group is not None:
        inside = np.flatnonzero(audit.units == np.bincount(audit.units).argmax())
    ordered = inside[np.argsort(when[inside], kind="stable")][:ROWS]
    if (np.diff(when[ordered]) == 0).mean() > TIES:
        return ordered[:0], []
    found = []
    for column in audit.table:
        if column.kind == "number" and column.values is not None and column.levels > FEWEST:
            found.append(Series(column.name, column.values[ordered], is_target=False))
    usable = [each for each in found if np.isfinite(each.values).mean() > FILLED and _varies(each)]
    filled = [each._replace(values=_filled(each.values)) for each in usable[:MOST]]
    target = audit.target.values[ordered]
    value = target[:, int(np.argmax(target.std(axis=0)))]
    return ordered, [*filled, Series(audit.columns.target, value, is_target=True)]


def _varies(series: Series) -> bool:
    return bool(np.nanstd(series.values) > 0)


def _filled(values: Floats) -> Floats:
    # the first rows of a moving window are often empty: they are left out of the fit below
    return np.where(np.isfinite(values), values, np.nan)


def _accuse(column: Series, series: list[Series]) -> Accusation | None:
    found: list[tuple[float, float, Series]] = []
    innocent = False
    for source in series:
        if source.name == column.name:
            continue
        left = _left(column, source)
        if left is None:
            continue
        earlier, all_rows = left
        innocent = innocent or earlier <= EXACT
        if earlier >= TIMES * max(all_rows, 1e-12):
            found.append((all_rows, earlier, source))
    if innocent or not found:
        return None
    targets = [each for each in found if each[2].is_target]
    all_rows, earlier, source = (targets or found)[0]
    message = (
        f"'{column.name}' is computed from later rows of '{source.name}': with them a formula "
        f"leaves {all_rows:.1e} of its variance, without them {earlier:.1e}."
    )
    return Accusation(
        (column.name,), "failed" if source.is_target else "warning", message, earlier, EXACT
    )


def _left(column: Series, source: Series) -> tuple[float, float] | None:
    """Fit a column to a source; return the shares of variance left without and with later rows.

    None where the fit is not exact, or where the column is the source moved by some rows: which of
    the two was moved cannot be told, unless the source is the target.
    """
    count = len(column.values)
    inner = slice(REACH, count - REACH)
    shifts = range(-REACH, REACH + 1)
    moved = np.column_stack([source.values[REACH + s : count - REACH + s] for s in shifts])
    before = column.values[REACH - 1 : count - REACH - 1]
    value = column.values[inner]
    whole = np.isfinite(moved).all(axis=1) & np.isfinite(before) & np.isfinite(value)
    if whole.sum() < 4 * REACH:
        return None
    moved, before, value = moved[whole], before[whole], value[whole]
    if value.std() == 0:
        return None
    if not source.is_target and _is_moved(value, moved):
        return None
    all_rows = _share_left(np.column_stack([moved, before]), value)
    if all_rows > EXACT:
        return None
    # of the target, the row's own value is later too: it is what is to be predicted
    known = REACH + (0 if source.is_target else 1)
    earlier = _share_left(np.column_stack([moved[:, :known], before]), value)
    return earlier, all_rows


def _is_moved(value: Floats, moved: Floats) -> bool:
    centred = moved - moved.mean(axis=0)
    own = value - value.mean()
    scale = np.sqrt((centred**2).sum(axis=0) * (own**2).sum())
    correlations = np.abs(own @ centred) / np.maximum(scale, 1e-300)
    return bool(correlations.max() ** 2 >= 1 - EXACT)


def _share_left(matrix: Floats, value: Floats) -> float:
    plain = np.column_stack([matrix - matrix.mean(axis=0), np.ones(len(matrix))])
    solved, *_ = np.linalg.lstsq(plain, value, rcond=1e-10)
    return float(((value - plain @ solved) ** 2).mean() / value.var())


def look_ahead(
    nodes: Callable[[pd.DataFrame], pd.DataFrame], frame: pd.DataFrame, time: str
) -> dict[str, int]:
    """Find the columns that code computes from later rows, by cutting the later rows off.

    The features of the rows up to a moment must not change when nothing after it is there: a
    centred window, a global mean, a fill from behind does (truncation invariance). Three cuts, at
    the quarters of the moments.

    Args:
        nodes: The code: from a table to a table with the same index, or part of it.
        frame: The table, with unique index.
        time: The column that holds the moment of each row.

    Returns:
        The columns that changed, and in how many rows over all cuts; empty if none did.
    """
    moments = frame[time].sort_values(kind="stable")
    whole = nodes(frame.copy())
    changed: dict[str, int] = {}
    for cut in range(1, CUTS + 1):
        until = moments.iloc[max(0, len(moments) * cut // (CUTS + 1) - 1)]
        earlier = frame[frame[time] <= until]
        part = nodes(earlier.copy())
        rows = part.index.intersection(whole.index)
        missing = len(whole.index.intersection(earlier.index)) - len(rows)
        for name in whole.columns.intersection(part.columns):
            one, other = whole.loc[rows, name], part.loc[rows, name]
            same = (one == other) | (one.isna() & other.isna())
            if not same.all():
                changed[str(name)] = changed.get(str(name), 0) + int((~same).sum())
        for name in whole.columns.difference(part.columns):
            changed[str(name)] = changed.get(str(name), 0) + len(earlier)
        if missing:
            changed["__row__"] = changed.get("__row__", 0) + missing
    return changed
