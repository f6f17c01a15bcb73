"""What the feature columns looked like in the rows that a model learned from."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from experiment_cycle.columns import Columns
from experiment_cycle.options import Record

Kind = Literal["number", "truth", "text", "date", "empty", "other"]
MOST_LEVELS = 1000
"""Of a text column with more levels none is kept, and none is called unseen."""
KNOWN_FEATURES = "training/known_features.json"
"""Where the record of a run keeps them."""


class KnownFeature(Record):
    """One column; None where nothing of that kind is kept.

    `dtype` is pandas' name of its type. `low` and `high` are of numbers, `first` and `last` of
    dates (ISO 8601), `levels` of text.
    """

    name: str
    kind: Kind
    dtype: str
    zone: str | None = None
    """Dates: their time zone."""
    missing: bool
    low: float | None = None
    high: float | None = None
    first: str | None = None
    last: str | None = None
    levels: tuple[str, ...] | None = None


class KnownFeatures(Record):
    """All feature columns, in the order in which the model takes them."""

    columns: tuple[KnownFeature, ...]


def describe_known(rows: pd.DataFrame, columns: Columns) -> KnownFeatures:
    """Describe the feature columns of the rows that a model learned from; one pass over each."""
    return KnownFeatures(
        columns=tuple(_describe(rows[name]) for name in columns.features(rows.columns))
    )


def kind_of(kind: pa.DataType) -> Kind:
    """Tell what values of an Arrow type are, as far as a model cares."""
    if pa.types.is_dictionary(kind):
        return kind_of(kind.value_type)
    tests: dict[Kind, bool] = {
        "truth": pa.types.is_boolean(kind),
        "number": pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind),
        "text": pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind),
        "date": pa.types.is_timestamp(kind) or pa.types.is_date(kind),
        "empty": pa.types.is_null(kind),
    }
    return next((name for name, holds in tests.items() if holds), "other")


def _describe(column: pd.Series) -> KnownFeature:
    arrow = _arrow_type(column)
    kind: Kind = "empty" if column.isna().all() else kind_of(arrow) if arrow else "other"
    found: dict[str, Any] = {}
    if kind == "number":
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        found = {"low": float(np.nanmin(values)), "high": float(np.nanmax(values))}
    elif kind == "text":
        levels = sorted(map(str, column.dropna().unique()))
        found = {"levels": tuple(levels) if len(levels) <= MOST_LEVELS else None}
    elif kind == "date":
        moments = pd.to_datetime(column).dropna()
        zone = moments.dt.tz
        found = {
            "zone": None if zone is None else str(zone),
            "first": moments.min().isoformat(),
            "last": moments.max().isoformat(),
        }
    return KnownFeature(
        name=str(column.name),
        kind=kind,
        dtype=str(column.dtype),
        missing=bool(column.isna().any()),
        **found,
    )


def _arrow_type(column: pd.Series) -> pa.DataType | None:
    try:
        return pa.Array.from_pandas(column).type
    except (pa.ArrowInvalid, pa.ArrowTypeError, AttributeError):
        return None
