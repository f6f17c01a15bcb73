"""Which columns a model reads, and whether as numbers or as categories."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from pandas.api import types

from experiment_cycle.columns import Columns
from experiment_cycle.errors import DataError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Features:
    """Names of the columns a model reads, each kind in the order of the table."""

    numeric: tuple[str, ...]
    categorical: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """All of them, the numeric ones first."""
        return [*self.numeric, *self.categorical]


def usable_features(frame: pd.DataFrame, columns: Columns) -> Features:
    """Sort the feature columns of a table into numbers and categories.

    Numbers and booleans are numeric; text and categoricals are categories. Columns of any other
    type, and those without a single value, are left out with a warning that names them.

    Args:
        frame: The training rows.
        columns: The roles of the columns.

    Raises:
        DataError: no column is left that a model could read, or one holds infinite numbers.
    """
    kinds = {name: _kind(frame[name]) for name in columns.features(frame.columns)}
    left_out = [f"'{name}' ({frame[name].dtype})" for name, kind in kinds.items() if kind is None]
    if left_out:
        logger.warning(
            "No feature is made of %s: a model reads numbers, booleans and text, and a column "
            "needs at least one value in the training rows. Convert such columns in the raw data, "
            "or list them under columns.drop.",
            ", ".join(left_out),
        )
    found = Features(
        numeric=tuple(name for name, kind in kinds.items() if kind == "numeric"),
        categorical=tuple(name for name, kind in kinds.items() if kind == "categorical"),
    )
    if not found.names:
        raise DataError(
            "No column is left to predict from: beside those with a role in parameters_task.yml "
            "(target, identifier, group, query, time, drop, known_at) the data have no column of "
            f"numbers, booleans or text. Columns: {', '.join(map(str, frame.columns))}. "
            "Next step: shorten columns.drop."
        )
    return found


def refuse_infinite(frame: pd.DataFrame, features: Features, part: str) -> None:
    """Raise DataError if a numeric feature is infinite somewhere; `part` names the table."""
    for name in features.numeric:
        if not types.is_float_dtype(frame[name].dtype):
            continue
        infinite = np.isinf(frame[name].to_numpy(dtype=np.float64, na_value=np.nan))
        if infinite.any():
            raise DataError(
                f"Column '{name}' is infinite in {int(infinite.sum())} rows of {part}, first in "
                f"row {frame.index[int(infinite.argmax())]}. A model reads finite numbers and "
                "missing ones. Next step: replace them in the raw data, or list the column under "
                "columns.drop."
            )


def _kind(column: pd.Series) -> Literal["numeric", "categorical"] | None:
    dtype = column.dtype
    if column.isna().all():
        return None
    # asked first, because pandas calls a categorical of booleans boolean
    if isinstance(dtype, pd.CategoricalDtype):
        return "categorical" if _kind(pd.Series(dtype.categories)) else None
    if types.is_bool_dtype(dtype):
        return "numeric"
    if types.is_numeric_dtype(dtype):
        return None if types.is_complex_dtype(dtype) else "numeric"
    # a column of booleans with gaps is read as one of objects
    if types.infer_dtype(column, skipna=True) in {"string", "boolean"}:
        return "categorical"
    return None
