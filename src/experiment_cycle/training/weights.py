"""How much each training row counts: its own weight, times that of its class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api import types

from experiment_cycle.columns import Columns
from experiment_cycle.errors import ConfigurationError, DataError
from experiment_cycle.problem import Class, Problem

ClassWeight = Literal["balanced"] | Mapping[Any, float] | None
Floats = npt.NDArray[np.float64]
KEY = "training.class_weight"


def row_weights(
    train: pd.DataFrame,
    target: npt.NDArray[Any],
    columns: Columns,
    problem: Problem,
    class_weight: ClassWeight,
) -> Floats | None:
    """Weigh the training rows, shape (n,); None where all of them count alike.

    Args:
        train: The training rows.
        target: Their encoded target, shape (n,).
        columns: Names the column of weights, if there is one.
        problem: Tells the classes.
        class_weight: `balanced`: every class counts as much in sum, as in scikit-learn; or a
            factor for each level, 1 for those not named.

    Raises:
        DataError: a weight is missing, below zero or infinite, or none is above zero.
        ConfigurationError: class weights name no level of the target, or there are no classes.
    """
    own = None if columns.weight is None else _column(train[columns.weight])
    if class_weight is None:
        return own
    if not problem.classes:
        raise ConfigurationError(
            f"{KEY} is set, but the task is {problem.type}, which has no classes. Next step: set "
            "it to null; columns.weight can name a column with the weight of each row."
        )
    count = len(problem.classes)
    if class_weight == "balanced":
        # of the weighted rows, so that it holds for what is learned from
        sums = np.bincount(target, weights=own, minlength=count)
        present = sums > 0
        factors = np.ones(count)
        factors[present] = sums.sum() / (present.sum() * sums[present])
    else:
        factors = _factors(class_weight, problem)
    weights: Floats = factors[target] if own is None else own * factors[target]
    _refuse_nothing(weights, f"{KEY} gives")
    return weights


def _column(column: pd.Series) -> Floats:
    if not types.is_numeric_dtype(column.dtype) or types.is_complex_dtype(column.dtype):
        raise DataError(
            f"Column '{column.name}' (columns.weight) holds {column.dtype}. A weight is a number "
            "from 0 on. Next step: name another column, or null."
        )
    weights = column.to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = ~(np.isfinite(weights) & (weights >= 0))
    if wrong.any():
        first = int(wrong.argmax())
        raise DataError(
            f"Column '{column.name}' (columns.weight) is no number from 0 on in "
            f"{int(wrong.sum())} rows of train, first in row {column.index[first]}: "
            f"{weights[first]:g}. Next step: mend the weights in the raw data."
        )
    _refuse_nothing(weights, f"Column '{column.name}' (columns.weight) gives")
    return np.asarray(weights, dtype=np.float64)


def _factors(class_weight: Mapping[Any, float], problem: Problem) -> Floats:
    factors = np.ones(len(problem.classes))
    for key, factor in class_weight.items():
        places = [i for i, level in enumerate(problem.classes) if _is(level, key)]
        if not places:
            raise ConfigurationError(
                f"{KEY} names '{key}', which is no level of the target in train. Levels: "
                f"{', '.join(problem.names)}."
            )
        if not (np.isfinite(factor) and factor >= 0):
            raise ConfigurationError(
                f"{KEY}.{key} is {factor}. A weight is a finite number from 0 on."
            )
        factors[places[0]] = factor
    return factors


def _is(level: Class | None, key: Any) -> bool:
    """Tell whether a key means a level: YAML may have read `1` as number or as text."""
    if level is None:
        return False
    if isinstance(level, bool) or isinstance(key, bool):
        return str(level).lower() == str(key).lower()
    try:
        return float(level) == float(key)
    except ValueError:
        return str(level) == str(key)


def _refuse_nothing(weights: Floats, who: str) -> None:
    if not (weights > 0).any():
        raise DataError(
            f"{who} every training row the weight 0, so that there is nothing to learn from. Next "
            "step: correct the weights."
        )
