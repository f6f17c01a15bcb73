"""Which columns a model reads, and as what: numbers, categories, dates."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from pandas.api import types

from experiment_cycle.columns import Columns
from experiment_cycle.errors import ConfigurationError, DataError, near_misses
from experiment_cycle.training.preprocessing.options import PreprocessingOptions

logger = logging.getLogger(__name__)

Found = Literal["numeric", "categorical", "date", "text", "own", "unreadable"]

FEW_LEVELS = 50
"""A column of text with at most so many levels holds categories, however few rows there are."""
GREATEST = float(np.finfo(np.float32).max)
"""The greatest number that every estimator reads: trees of scikit-learn hold float32."""

_told: set[str] = set()


@dataclass(frozen=True)
class Features:
    """Names of the columns a model reads, each kind in the order of the table.

    Attributes:
        numeric: Numbers and booleans.
        categorical: Text with few levels, and categoricals.
        dates: Dates and times.
        own: Those for which the user names a transformer.
    """

    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    dates: tuple[str, ...] = ()
    own: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """All of them, kind by kind."""
        return [*self.numeric, *self.categorical, *self.dates, *self.own]


def usable_features(
    frame: pd.DataFrame,
    columns: Columns,
    options: PreprocessingOptions = PreprocessingOptions(),  # noqa: B008 - frozen
) -> Features:
    """Sort the feature columns of a table by what they are read as.

    Numbers and booleans are numeric; text and categoricals are categories; dates are dates. Text
    that hardly repeats, columns of any other type, and those without a single value are left out
    with a warning that names them.

    Args:
        frame: The training rows.
        columns: The roles of the columns.
        options: Options of single columns, and from when on text is no category.

    Raises:
        DataError: no column is left that a model could read.
        ConfigurationError: options name a column that is no feature, or that is of another kind.
    """
    names = columns.features(frame.columns)
    _refuse_unknown(options, names)
    kinds = {name: _kind_with(frame[name], options) for name in names}
    _tell_left_out(frame, kinds)
    found = Features(
        numeric=_of(kinds, "numeric"),
        categorical=_of(kinds, "categorical"),
        dates=_of(kinds, "date"),
        own=_of(kinds, "own"),
    )
    if not found.names:
        raise DataError(
            "No column is left to predict from: beside those with a role in parameters_task.yml "
            "(target, identifier, group, query, time, weight, drop, known_at) the data have no "
            "column of numbers, booleans, dates or text with few levels. Columns: "
            f"{', '.join(map(str, frame.columns))}. Next step: shorten columns.drop."
        )
    return found


def refuse_infinite(frame: pd.DataFrame, features: Features, part: str) -> None:
    """Raise DataError if a numeric feature is not finite somewhere, or too great to be read.

    Args:
        frame: The rows.
        features: Names the numeric columns.
        part: Names the rows, for the message.
    """
    for name in features.numeric:
        if types.is_float_dtype(frame[name].dtype):
            values = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
            refuse_unreadable(values, name, frame.index, part)


def refuse_unreadable(
    values: np.ndarray[tuple[int], np.dtype[np.float64]], name: str, index: pd.Index, part: str
) -> None:
    """Raise DataError if a value is infinite, or beyond what a single-precision number holds."""
    # NaN compares as False, so that gaps pass
    wrong = np.abs(values) > GREATEST
    if not wrong.any():
        return
    first = int(wrong.argmax())
    infinite = np.isinf(values[wrong]).all()
    what = "is infinite" if infinite else f"is infinite or beyond {GREATEST:.1e}"
    raise DataError(
        f"Column '{name}' {what} in {int(wrong.sum())} rows of {part}, first in row "
        f"{index[first]}: {values[first]:g}. A model reads finite numbers and missing ones. Next "
        "step: replace them in the raw data, or list the column under columns.drop."
    )


def _of(kinds: Mapping[str, Found], wanted: Found) -> tuple[str, ...]:
    return tuple(name for name, kind in kinds.items() if kind == wanted)


def _refuse_unknown(options: PreprocessingOptions, names: list[str]) -> None:
    for name in options.columns:
        if name not in names:
            raise ConfigurationError(
                f"training.preprocessing.columns names '{name}', which is no feature. "
                f"{near_misses(name, names)}"
            )


def _kind_with(column: pd.Series, options: PreprocessingOptions) -> Found:
    """Tell what a column is read as, given what the user says of it."""
    own = options.columns.get(str(column.name))
    if own is not None and own.transformer is not None:
        return "own"
    found = _kind(column)
    if found == "unreadable" and column.isna().all():
        return found
    if own is None or own.asked is None:
        return "text" if found == "categorical" and _is_text(column, options) else found
    if own.asked == found or (own.asked == "categorical" and found == "numeric"):
        return own.asked
    raise ConfigurationError(
        f"training.preprocessing.columns.{column.name} has options of a {own.asked} column, but "
        f"the column holds {column.dtype}, which is read as {found}. Next step: write keys of its "
        "kind, or convert the column in the raw data."
    )


def _kind(column: pd.Series) -> Found:
    dtype = column.dtype
    if column.isna().all():
        return "unreadable"
    # asked first, because pandas calls a categorical of booleans boolean
    if isinstance(dtype, pd.CategoricalDtype):
        inner = _kind(pd.Series(dtype.categories))
        return "categorical" if inner in {"numeric", "categorical"} else "unreadable"
    if types.is_bool_dtype(dtype) or types.is_numeric_dtype(dtype):
        return "unreadable" if types.is_complex_dtype(dtype) else "numeric"
    if types.is_datetime64_any_dtype(dtype):
        return "date"
    # a column of booleans with gaps is read as one of objects
    inferred = types.infer_dtype(column, skipna=True)
    if inferred in {"string", "boolean"}:
        return "categorical"
    return "date" if inferred in {"date", "datetime", "datetime64"} else "unreadable"


def _is_text(column: pd.Series, options: PreprocessingOptions) -> bool:
    """Tell whether a column of levels hardly ever repeats one; a categorical is never text."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return False
    levels = column.nunique()
    return levels > FEW_LEVELS and levels >= options.text.from_distinct_share * column.count()


def _tell_left_out(frame: pd.DataFrame, kinds: Mapping[str, Found]) -> None:
    unreadable = [f"'{name}' ({frame[name].dtype})" for name in _of(kinds, "unreadable")]
    if unreadable:
        _tell_once(
            f"No feature is made of {', '.join(unreadable)}: a model reads numbers, booleans, "
            "dates and text, and a column needs at least one value in the training rows. Convert "
            "such columns in the raw data, or list them under columns.drop."
        )
    text = [f"'{name}' ({frame[name].nunique()} values)" for name in _of(kinds, "text")]
    if text:
        _tell_once(
            f"No feature is made of the text in {', '.join(text)}: its values hardly ever repeat, "
            "so that they are no categories. Make features of it in the raw data, name a "
            "transformer for it (training.preprocessing.columns.<name>.transformer), or list it "
            "under columns.drop."
        )


def _tell_once(message: str) -> None:
    """Warn the first time; a run prepares the same columns for every model it fits."""
    logger.log(logging.DEBUG if message in _told else logging.WARNING, "%s", message)
    _told.add(message)
