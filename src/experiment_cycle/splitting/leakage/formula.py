"""Whether the target is a sum, difference, product or ratio of columns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from experiment_cycle.splitting.leakage.context import Audit
from experiment_cycle.splitting.leakage.encoded import Column, Floats, Rows

EXACT = 0.9999
"""R² on the other half of the rows: rounding is forgiven, noise is not."""
MOST = 100
FEWEST = 2
NEARLY = 1e-3
"""A factor or power so near to 1 is 1."""
SHOWN = 6


class Formula(NamedTuple):
    """A formula that gives the target.

    Attributes:
        columns: The columns it is made of, at least two.
        text: The formula.
        explained: Its R² on rows it was not fitted on.
        threshold: The R² it had to reach.
    """

    columns: tuple[str, ...]
    text: str
    explained: float
    threshold: float


def find_formula(audit: Audit, rows: Rows) -> Formula | None:
    """Fit the target by least squares to the numeric columns, and their logarithms in turn.

    Args:
        audit: The table.
        rows: Train rows; one half fits, the other judges.
    """
    target = audit.target
    if not target.number:
        return None
    values = target.values[rows, 0]
    usable = [
        column
        for column in audit.table
        if column.kind == "number"
        and column.values is not None
        and np.isfinite(column.values[rows]).all()
        and np.ptp(column.values[rows]) > 0
    ][:MOST]
    sums = _fit(usable, _matrix(usable, rows), values, "sum")
    if sums is not None or values.min() < 0:
        return sums
    inside = values > 0
    positive = [column for column in usable if column.values[rows].min() > 0]  # type: ignore[index]
    if inside.mean() < 1:
        return None
    return _fit(positive, np.log(_matrix(positive, rows)), np.log(values), "product")


def _matrix(columns: list[Column], rows: Rows) -> Floats:
    if not columns:
        return np.empty((len(rows), 0))
    return np.column_stack([column.values[rows] for column in columns])  # type: ignore[index]


def _fit(columns: list[Column], matrix: Floats, values: Floats, kind: str) -> Formula | None:
    """Fit, and drop columns one by one as long as the formula holds."""
    if len(columns) < FEWEST or len(values) < 5 * len(columns) or np.ptp(values) == 0:
        return None
    chosen = list(range(len(columns)))
    reached, weights = _half(matrix, values)
    if reached < EXACT:
        return None
    spread = matrix.std(axis=0)
    for place in sorted(range(len(columns)), key=lambda j: abs(weights[j]) * spread[j]):
        fewer = [j for j in chosen if j != place]
        if len(fewer) >= 1 and _half(matrix[:, fewer], values)[0] >= EXACT:
            chosen = fewer
    if len(chosen) < FEWEST:  # one column alone is another check's
        return None
    reached, weights = _half(matrix[:, chosen], values)
    terms = [(columns[j].name, weight) for j, weight in zip(chosen, weights, strict=True)]
    return Formula(
        tuple(name for name, _ in terms), _written(terms, kind), float(min(reached, 1.0)), EXACT
    )


def _half(matrix: Floats, values: Floats) -> tuple[float, Floats]:
    """Fit on every other row, and measure R² on the rest."""
    middle, scale = matrix.mean(axis=0), np.maximum(matrix.std(axis=0), 1e-300)
    plain = np.column_stack([(matrix - middle) / scale, np.ones(len(values))])
    weights, *_ = np.linalg.lstsq(plain[::2], values[::2], rcond=1e-10)
    left = values[1::2] - plain[1::2] @ weights
    total = float(((values[1::2] - values[1::2].mean()) ** 2).sum())
    return (1 - float((left**2).sum()) / total if total else 0.0), weights[:-1] / scale


def _written(terms: list[tuple[str, float]], kind: str) -> str:
    signs = (" + ", " - ") if kind == "sum" else (" * ", " / ")
    text = ""
    for place, (name, weight) in enumerate(terms[:SHOWN]):
        sign = signs[0 if weight >= 0 else 1]
        factor, size = "", abs(weight)
        if abs(size - 1) > NEARLY:
            factor = f"{size:.4g} x " if kind == "sum" else ""
        power = f"^{size:.3g}" if kind == "product" and abs(size - 1) > NEARLY else ""
        lead = sign if place else {" - ": "-", " / ": "1 / "}.get(sign, "")
        text += f"{lead}{factor}'{name}'{power}"
    return text + (" and others" if len(terms) > SHOWN else "")
