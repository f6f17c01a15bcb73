"""LEAK009: a column computed from the targets of all rows, test rows among them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from experiment_cycle.splitting.leakage.context import TEST, TRAIN, Audit
from experiment_cycle.splitting.leakage.encoded import Column, Floats, Rows, read_column
from experiment_cycle.splitting.leakage.findings import (
    About,
    Accusation,
    conclude,
    not_applicable,
)
from experiment_cycle.splitting.records import Finding

ABOUT = About("LEAK009", "Column computed from the target", "high")
EXACT = 1 - 1e-6
"""Share of its variance that the formula of an encoding explains: nothing else is so exact."""
CLOSE = 0.9999
"""Beyond it is likely; the column may be rounded, or rows may have been removed since."""
FEWEST = 8
"""Distinct values at least; of fewer, any are a formula."""
MOST_CATEGORIES = 40
ROWS_EACH = 1.5
GLANCE = 2_000


class Fit(NamedTuple):
    """How well a column is the encoding of a category by the target."""

    explained: float
    by: str | None
    """The category; None: the column's own values."""


def check(audit: Audit) -> Finding:
    """Look for columns that are the mean target of a category, over all rows (types L1.2, L2).

    Grouped by its own values, or by a category of which it is a function, such a column is an exact
    function of each group's number of rows n and sum of the target s: (s + k p) / (n + k), perhaps
    scaled; k = 0 if it is not smoothed. Or it leaves the row out: (s - y) / (n - 1). What the
    formula does not explain is compared with the variance of the column. A column that was encoded
    with train rows only does not fit all rows.
    """
    usable = [one for one in audit.table if one.kind == "number" and one.levels >= FEWEST]
    if not usable:
        return not_applicable(ABOUT, "No feature is a number with several values.")
    keys = _categories(audit)
    targets = audit.target.values
    accusations = []
    for column in usable:
        fit = _best(column, keys, targets)
        if fit.explained >= CLOSE:
            accusations.append(_accuse(audit, column, fit))
    return conclude(
        audit,
        ABOUT,
        accusations,
        f"None of {len(usable)} numeric columns is a mean of the target over rows.",
        "encode after the split, on train rows only and out of fold (scikit-learn's TargetEncoder "
        "in the model's pipeline does so), and drop this column.",
        columns_looked_at=len(usable),
    )


def _categories(audit: Audit) -> dict[str, Rows]:
    """Number the rows by each column that could be a category, features or not."""
    rows = len(audit.parts)
    keys: dict[str, Rows] = {}
    for name, kind in audit.snapshot.types.items():
        if name == audit.columns.target or len(keys) == MOST_CATEGORIES:
            continue
        if kind in ("DOUBLE", "FLOAT") or kind.startswith(("DECIMAL", "TIMESTAMP", "STRUCT")):
            continue
        if name in audit.features:
            codes, levels = audit.column(name).codes.astype(np.int64), audit.column(name).levels
        else:
            codes, found = pd.factorize(read_column(audit.snapshot, name, audit.rows))
            levels = len(found)
        if FEWEST <= levels <= rows / ROWS_EACH:
            keys[name] = codes
    return keys


def _best(column: Column, keys: dict[str, Rows], targets: Floats) -> Fit:
    best = Fit(0.0, None)
    if column.levels <= len(column.codes) / ROWS_EACH:
        best = Fit(_encoded(column, column.codes.astype(np.int64), targets), None)
    for name, codes in keys.items():
        if best.explained >= EXACT:
            break
        if name == column.name:
            continue
        encodes = _encoded if _is_function(column, codes) else _leaves_out
        best = max(best, Fit(encodes(column, codes, targets), name), key=lambda fit: fit[0])
    return best


def _is_function(column: Column, codes: Rows) -> bool:
    """Tell whether all rows of a category have one value of the column."""
    codes = codes - min(0, int(codes.min()))
    value = np.empty(int(codes.max()) + 1, dtype=np.int64)
    value[codes] = column.codes
    return bool((value[codes] == column.codes).all())


def _encoded(column: Column, codes: Rows, targets: Floats) -> float:
    """Share of the column's variance that the formula of an encoding explains; 0 if undecided."""
    codes = codes - min(0, int(codes.min()))
    size = np.bincount(codes).astype(np.float64)
    held = size > 0
    first = np.zeros(len(size), dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    value, many = _numbers(column)[first[held]], size[held]
    if len(value) < FEWEST or not np.isfinite(value).all():
        return 0.0
    spread = float(np.average((value - np.average(value, weights=many)) ** 2, weights=many))
    if spread <= 0:
        return 0.0
    sums = [np.bincount(codes, each)[held].astype(np.float64) for each in targets.T]
    return max(_fit(value, many, each, spread) for each in sums)


def _fit(value: Floats, many: Floats, sums: Floats, spread: float) -> float:
    value = (value - np.average(value, weights=many)) / np.sqrt(spread)
    mean = sums / many
    mean = mean - np.average(mean, weights=many)
    if np.average(mean**2, weights=many) <= 0:
        return 0.0
    slope = np.average(value * mean, weights=many) / np.average(mean**2, weights=many)
    plain = 1.0 - float(np.average((value - slope * mean) ** 2, weights=many))
    if plain >= EXACT or len(value) < FEWEST + 4:
        return plain
    # value * (n + k) = a n + b s + c, solved for value * n, which is linear in the rest
    terms = np.column_stack([value, many, sums, np.ones(len(value))])
    weight = 1 / np.sqrt(many)
    scale = np.abs(terms).max(axis=0)
    solved, *_ = np.linalg.lstsq(
        terms / scale * weight[:, None], value * many * weight, rcond=1e-12
    )
    smoothing, *rest = solved / scale * [-1, 1, 1, 1]
    if smoothing <= 0:  # groups of one size: any value fits
        return plain
    left = value - terms[:, 1:] @ np.array(rest) / (many + smoothing)
    return max(plain, 1.0 - float(np.average(left**2, weights=many)))


def _numbers(column: Column) -> Floats:
    return np.zeros(0) if column.values is None else column.values


def _leaves_out(column: Column, key: Rows, targets: Floats) -> float:
    """Share of the column's variance that each category's mean without the row itself explains."""
    codes = key - min(0, int(key.min()))
    size = np.bincount(codes)[codes]
    rows = np.flatnonzero(size > 1)
    value = _numbers(column)[rows]
    if len(rows) < FEWEST or not np.isfinite(value).all() or value.std() == 0:
        return 0.0
    best = 0.0
    for each in targets.T:
        others = (np.bincount(codes, each)[codes][rows] - each[rows]) / (size[rows] - 1)
        glance = min(value[:GLANCE].std(), others[:GLANCE].std())
        if glance > 0 and np.corrcoef(value[:GLANCE], others[:GLANCE])[0, 1] ** 2 >= CLOSE:
            best = max(best, float(np.corrcoef(value, others)[0, 1] ** 2))
    return best


def _accuse(audit: Audit, column: Column, fit: Fit) -> Accusation:
    tests = int((audit.parts == TEST).sum())
    by = f"each value of '{fit.by}'" if fit.by else "the rows that share a value"
    sure = fit.explained >= EXACT and bool((audit.parts == TRAIN).any())
    message = (
        f"'{column.name}' is {'exactly' if sure else 'nearly'} the mean target of {by}, test rows "
        f"included ({fit.explained:.4%} of its variance)."
    )
    bar = EXACT if sure else CLOSE
    return Accusation(
        (column.name,), "failed" if sure else "warning", message, fit.explained, bar, tests
    )
