"""Whether test rows are distributed like the training rows, feature by feature."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.errors import DataError
from experiment_cycle.metrics.holm import holm
from experiment_cycle.options import Record
from experiment_cycle.splitting.leakage.encoded import FEW, Column, encode
from experiment_cycle.splitting.leakage.two_samples import LIMIT, compare

ALPHA = 0.05
LEAST_UNITS = 20
"""Fewer units on a side say nothing of those to come, as in the decision."""
MANY = {"row": "rows", "group": "groups", "query": "queries"}
NO_TEST = "There is no test set: every row is learned from in some folds and judged in another."
BY_TIME = "Test rows come later than training rows, so that some difference is to be expected."

Rows = npt.NDArray[np.int64]


class FeatureDrift(Record):
    """One column in train and in test."""

    column: str
    role: Literal["target", "feature"]
    effect: float
    """Largest difference of the cumulative shares (numbers, dates), or total variation (levels, and
    numbers with few values): 0 to 1."""
    p_value: float
    adjusted_p_value: float
    differs: bool
    most: str
    """What moved most: the median, or the level whose share changed most."""
    train: float | str
    """Its median in train, or the share of that level."""
    test: float | str


class TestDrift(Record):
    """Every column that could be compared, the greatest effect first."""

    columns: tuple[FeatureDrift, ...]
    untested: tuple[str, ...] = ()
    """Columns of one value, or in which every value is rare."""
    unit: Literal["row", "group", "query"]
    train_units: int
    test_units: int
    alpha: float = ALPHA
    note: str | None = None


def measure_drift(
    train: pd.DataFrame, test: pd.DataFrame, columns: Columns, seed: int
) -> TestDrift:
    """Compare target and features between train and test.

    The tests are those of the leakage audit (LEAK014), which tells of columns that fail: the
    Kolmogorov-Smirnov test for numbers and dates, the chi-squared test of homogeneity for levels,
    missing being a value. One row of each group, or of each query, since rows of a group are not
    independent. Holm's method over all columns: at most 5 in 100 clean splits have any column that
    differs. At most 100,000 rows a side are compared, drawn by the seed.

    Args:
        train: Training rows.
        test: Test rows; may be empty.
        columns: The roles of the columns.
        seed: Draws one row a unit.
    """
    unit: Literal["row", "group", "query"] = (
        "group" if columns.group else "query" if columns.query else "row"
    )
    sides = [
        _one_a_unit(side, columns, np.random.default_rng([seed, place, *b"drift"]))
        for place, side in enumerate((train, test))
    ]
    counts = {"train_units": len(sides[0]), "test_units": len(sides[1])}
    if min(counts.values()) < LEAST_UNITS:
        note = f"Nothing is compared: there are fewer than {LEAST_UNITS} {MANY[unit]} on a side."
        return TestDrift(columns=(), unit=unit, note=NO_TEST if test.empty else note, **counts)
    names = [columns.target, *columns.features(train.columns)]
    found = {name: _compare(name, columns, *sides) for name in names}
    tested = [each for each in found.values() if each is not None]
    adjusted = holm([each.p_value for each in tested])
    told = [
        each.model_copy(update={"adjusted_p_value": value, "differs": value <= ALPHA})
        for each, value in zip(tested, adjusted, strict=True)
    ]
    return TestDrift(
        columns=tuple(sorted(told, key=lambda each: -each.effect)),
        untested=tuple(name for name, each in found.items() if each is None),
        unit=unit,
        note=BY_TIME if _later(train, test, columns) else None,
        **counts,
    )


def _one_a_unit(frame: pd.DataFrame, columns: Columns, draw: np.random.Generator) -> pd.DataFrame:
    """Draw one row of each unit, and of those no more than are compared."""
    order = draw.permutation(len(frame))
    name = columns.group or columns.query
    if name is not None and len(frame):
        codes = columns.groups(frame)[order]
        order = order[np.unique(codes, return_index=True)[1]]
        order = draw.permutation(order)
    return frame.iloc[np.sort(order[:LIMIT])]


def _compare(
    name: str, columns: Columns, train: pd.DataFrame, test: pd.DataFrame
) -> FeatureDrift | None:
    first, second = train[name], test[name]
    if first.dtype != second.dtype:
        first, second = (_common(side) for side in (first, second))
    try:
        column = encode(pd.concat([first, second], ignore_index=True).rename(name))
    except (TypeError, ValueError) as error:
        raise DataError(
            f"Column '{name}' cannot be compared between train and test: {error}. Next step: see "
            "that it holds values of one type, or list it under columns.drop."
        ) from error
    rows = np.arange(len(first)), np.arange(len(first), len(first) + len(second))
    difference = compare(column, *rows)
    if difference is None:
        return None
    both = pd.concat([first, second], ignore_index=True)
    most, *shown = _moved(column, both, *rows)
    return FeatureDrift(
        column=name,
        role="target" if name == columns.target else "feature",
        effect=difference.effect,
        p_value=difference.p_value,
        adjusted_p_value=1.0,
        differs=False,
        most=most,
        train=shown[0],
        test=shown[1],
    )


def _moved(
    column: Column, values: pd.Series, train: Rows, test: Rows
) -> tuple[str, float | str, float | str]:
    """Tell what changed most, and what it was on both sides."""
    if column.values is not None and column.levels > FEW:
        first, second = (_median(column.values[side], column.kind) for side in (train, test))
        return "median", first, second
    shares = [
        np.bincount(column.codes[side], minlength=column.levels) / len(side)
        for side in (train, test)
    ]
    most = int(np.abs(shares[0] - shares[1]).argmax())
    value = values.iloc[int((column.codes == most).argmax())]
    name = "missing" if pd.isna(value) else str(value)
    return f"share of {name}", float(shares[0][most]), float(shares[1][most])


def _median(values: npt.NDArray[np.float64], kind: str) -> float | str:
    """Take the middle value (of two, the lower one) of those that are there."""
    present = values[~np.isnan(values)]
    if not len(present):
        return "missing"
    middle = float(np.quantile(present, 0.5, method="lower"))
    return middle if kind == "number" else str(pd.Timestamp(int(middle), unit="us"))


def _common(values: pd.Series) -> pd.Series:
    """Read a column as numbers where it holds some, else as text."""
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values.astype(np.float64)
    return values.astype(object)


def _later(train: pd.DataFrame, test: pd.DataFrame, columns: Columns) -> bool:
    if columns.time is None:
        return False
    try:
        return bool(train[columns.time].max() <= test[columns.time].min())
    except TypeError:
        return False
