"""What becomes of rows when a behaviour test changes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api import types

from experiment_cycle.errors import DataError
from experiment_cycle.evaluation.errors.behaviour_options import BehaviourTest, Change

KEY = "evaluation.behaviour"


def changed_rows(features: pd.DataFrame, test: BehaviourTest) -> pd.DataFrame:
    """Make the changes of a test.

    Args:
        features: Raw rows.
        test: Says what becomes of which column.

    Raises:
        DataError: a change makes no sense of a column's values.
    """
    changed = features.copy(deep=False)
    for name, change in test.change.items():
        changed[name] = _changed(features[name], change, f"{KEY}: '{test.name}', column '{name}'")
    return changed


def altered_rows(
    features: pd.DataFrame, changed: pd.DataFrame, names: list[str]
) -> npt.NDArray[np.bool_]:
    """Tell which rows the change alters, shape (n,)."""
    altered = np.zeros(len(features), dtype=np.bool_)
    for name in names:
        before, after = features[name].astype(object), changed[name].astype(object)
        both = (before.isna() & after.isna()).to_numpy(dtype=bool)
        altered |= ~both & (before != after).to_numpy(dtype=bool, na_value=True)
    return altered


def _changed(column: pd.Series, change: Change, where: str) -> pd.Series:
    if change.missing:
        return column.where(np.zeros(len(column), dtype=bool))
    if change.set is not None:
        return pd.Series([change.set] * len(column), index=column.index, name=column.name)
    if change.swap is not None:
        return _swapped(column, *change.swap)
    moved = _moved(column, change)
    if moved is None:
        raise DataError(
            f"{where}: add and multiply are for numbers, and add for dates, but the column holds "
            f"{column.dtype}. Next step: use set, swap or missing in parameters_evaluation.yml."
        )
    return moved


def _moved(column: pd.Series, change: Change) -> pd.Series | None:
    """Add to a column or multiply it; None where that makes no sense."""
    if types.is_datetime64_any_dtype(column.dtype):
        return None if change.add is None else column + pd.Timedelta(days=change.add)
    if types.is_bool_dtype(column.dtype) or not types.is_numeric_dtype(column.dtype):
        return None
    if change.add is not None:
        return column + change.add
    return None if change.multiply is None else column * change.multiply


def _swapped(column: pd.Series, one: Any, other: Any) -> pd.Series:
    """Put each of two levels in the place of the other."""
    plain = column.astype(column.cat.categories.dtype) if hasattr(column, "cat") else column
    first, second = (plain == one).to_numpy(dtype=bool), (plain == other).to_numpy(dtype=bool)
    swapped = plain.astype(object)
    swapped[first], swapped[second] = other, one
    return swapped.astype(plain.dtype)
