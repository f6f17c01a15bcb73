"""Rows as the What-If Tool writes them, `tf.train.Example` as JSON, and back."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiment_cycle.errors import DataError, near_misses

SHOWN = 12


def to_examples(rows: pd.DataFrame) -> list[str]:
    """Write rows, each as JSON; a value that is missing or infinite is left out.

    Whole numbers are written as such, other numbers as floats, everything else as text.
    """
    columns = {str(name): _encoded(rows[name]) for name in rows.columns}
    return [
        json.dumps(
            {
                "features": {
                    "feature": {name: held[at] for name, held in columns.items() if held[at]}
                }
            }
        )
        for at in range(len(rows))
    ]


class Reader:
    """Reads examples back into rows of the types that the data have.

    Args:
        like: Rows whose columns and types are taken over, and whose levels are known.
    """

    def __init__(self, like: pd.DataFrame) -> None:
        self._like = like.iloc[:0]
        self._levels = {
            str(name): {str(level): level for level in like[name].dropna().unique()}
            for name in like.columns
            if _is_text(like[name])
        }

    def read(self, examples: Sequence[Any]) -> pd.DataFrame:
        """Read examples, each JSON text.

        Raises:
            DataError: one is no example, or a value is none that its column can hold.
        """
        held = [_features(example) for example in examples]
        columns = {
            name: self._column(str(name), [_value(each.get(str(name))) for each in held])
            for name in self._like.columns
        }
        return pd.DataFrame(columns, columns=self._like.columns)

    def _column(self, name: str, values: list[Any]) -> pd.Series:
        like = self._like[name]
        if name in self._levels:
            return self._text_column(name, values)
        try:
            if pd.api.types.is_datetime64_any_dtype(like.dtype):
                return _moments(values, like.dtype)
            numbers = pd.Series([None if v is None else float(v) for v in values], dtype="Float64")
        except (TypeError, ValueError) as error:
            raise DataError(f"Column '{name}' holds {like.dtype}: {error}.") from error
        if pd.api.types.is_float_dtype(like.dtype) or not _fits(numbers, like.dtype):
            return numbers.astype(np.float64 if not _is_nullable(like.dtype) else "Float64")
        return numbers.astype(like.dtype)

    def _text_column(self, name: str, values: list[Any]) -> pd.Series:
        known, dtype = self._levels[name], self._like[name].dtype
        held = [None if value is None else known.get(str(value), str(value)) for value in values]
        closed = isinstance(dtype, pd.CategoricalDtype) or pd.api.types.is_bool_dtype(dtype)
        for value in held:
            if closed and isinstance(value, str) and value not in known:
                raise DataError(
                    f"Column '{name}' cannot hold '{value}'. "
                    f"{near_misses(value, sorted(known)[:SHOWN])}"
                )
        if dtype == np.bool_ and None in held:
            return pd.Series(held, dtype=object)
        return pd.Series(held, dtype=dtype)


def _moments(values: list[Any], dtype: Any) -> pd.Series:
    aware = isinstance(dtype, pd.DatetimeTZDtype)
    moments = pd.to_datetime(pd.Series(values, dtype=object), utc=aware)
    return moments.astype(dtype)


def _features(example: Any) -> dict[str, Any]:
    try:
        found = json.loads(example)["features"]["feature"]
    except (TypeError, KeyError, ValueError) as error:
        raise DataError("A row is not written as the What-If Tool writes one.") from error
    if not isinstance(found, dict):
        raise DataError("A row is not written as the What-If Tool writes one.")
    return found


def _value(feature: Any) -> Any:
    """Take the first value out of a feature; None where there is none."""
    if not isinstance(feature, dict):
        return None
    for kind, held in feature.items():
        values = held.get("value") if isinstance(held, dict) else None
        if not isinstance(values, list) or not values:
            continue
        if kind != "bytesList":
            return values[0]
        try:
            return base64.b64decode(values[0], validate=True).decode("utf-8")
        except (TypeError, ValueError, binascii.Error) as error:
            raise DataError("A text of a row cannot be read.") from error
    return None


def _encoded(column: pd.Series) -> list[dict[str, Any] | None]:
    if _is_text(column) or pd.api.types.is_datetime64_any_dtype(column.dtype):
        kind: str = "bytesList"
        write: Callable[[Any], Any] = _base64
    elif pd.api.types.is_integer_dtype(column.dtype):
        kind, write = "int64List", int
    else:
        kind, write = "floatList", float
        # JSON has no word for it
        column = column.where(column.abs() < np.inf)
    return [
        {kind: {"value": [write(value)]}} if present else None
        for value, present in zip(column, column.notna().tolist(), strict=True)
    ]


def _base64(value: object) -> str:
    return base64.b64encode(str(value).encode()).decode()


def _is_text(column: pd.Series) -> bool:
    if pd.api.types.is_bool_dtype(column.dtype):
        return True
    return not (
        pd.api.types.is_numeric_dtype(column.dtype)
        or pd.api.types.is_datetime64_any_dtype(column.dtype)
    )


def _is_nullable(dtype: Any) -> bool:
    return isinstance(dtype, pd.api.extensions.ExtensionDtype)


def _fits(numbers: pd.Series, dtype: Any) -> bool:
    """Tell whether numbers are whole, within what a type holds, and none is missing."""
    held = numbers.dropna()
    whole = bool((held == held.round()).all())
    info = np.iinfo(getattr(dtype, "numpy_dtype", dtype))
    inside = bool(held.between(float(info.min), float(info.max)).all())
    return whole and inside and (len(held) == len(numbers) or _is_nullable(dtype))
