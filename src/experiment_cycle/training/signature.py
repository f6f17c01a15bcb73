"""What a model takes and gives, in MLflow's words, with a few rows as an example."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from experiment_cycle.metrics.outcomes import Floats
from experiment_cycle.problem import Problem

EXAMPLES = 5
DTYPES = {
    "boolean": "boolean",
    "integer": "int32",
    "long": "int64",
    "float": "float32",
    "double": "float64",
}
WHOLE = frozenset({"integer", "long"})
"""Without a dtype for missing values."""
NARROW = frozenset({"int8", "int16", "int32", "uint8", "uint16"})
"""Whole numbers that MLflow calls integer; wider ones are long."""


def describe_signature(features: pd.DataFrame, problem: Problem) -> dict[str, Any]:
    """Describe inputs and outputs, as MLflow's `Schema` reads them.

    Args:
        features: Raw rows that the model has learned from.
        problem: What is predicted.

    Returns:
        `inputs`: name, type and whether a value is always there, for each column. `outputs`: the
        shape of what is predicted; of classes, the probability of each, in the order `classes`.
    """
    inputs = [
        {"type": _type(column), "name": str(name), "required": bool(column.notna().all())}
        for name, column in features.items()
    ]
    shape = [-1, len(problem.classes)] if problem.classes else [-1]
    output = {"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": shape}}
    return {"inputs": inputs, "outputs": [output], "classes": list(problem.classes)}


def input_example(features: pd.DataFrame, prediction: Floats) -> dict[str, Any]:
    """Write the first rows that differ in MLflow's split form, with what the model says of them.

    Args:
        features: Raw rows.
        prediction: For those rows, in their order.
    """
    places = np.flatnonzero(~features.duplicated().to_numpy())[:EXAMPLES]
    head = features.iloc[places]
    split = json.loads(head.to_json(orient="split", index=False, date_format="iso"))
    return {
        "columns": split["columns"],
        "data": split["data"],
        "prediction": prediction[places].tolist(),
    }


def example_rows(signature: dict[str, Any], example: dict[str, Any]) -> pd.DataFrame:
    """Read the rows of `input_example` back, with the types of `describe_signature`."""
    rows = pd.DataFrame(example["data"], columns=example["columns"])
    for described in signature["inputs"]:
        name, kind = described["name"], described["type"]
        if kind == "datetime":
            rows[name] = pd.to_datetime(rows[name])
        elif kind in DTYPES and (kind not in WHOLE or rows[name].notna().all()):
            rows[name] = rows[name].astype(DTYPES[kind])
    return rows


def _type(column: pd.Series) -> str:
    """Name a column's type as MLflow does."""
    dtype = column.dtype
    if types.is_bool_dtype(dtype) or types.infer_dtype(column, skipna=True) == "boolean":
        return "boolean"
    if types.is_integer_dtype(dtype):
        return "integer" if str(dtype).lower() in NARROW else "long"
    if types.is_float_dtype(dtype):
        return "float" if str(dtype).lower() == "float32" else "double"
    if types.is_datetime64_any_dtype(dtype):
        return "datetime"
    return "string"
