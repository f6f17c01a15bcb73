"""The signature of a model says what MLflow would say of the same table."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from mlflow.models import infer_signature
from mlflow.types import Schema

from experiment_cycle.problem import Problem
from experiment_cycle.training.signature import describe_signature, input_example

ROWS = 4
FRAME = pd.DataFrame(
    {
        **{
            f"{name}": np.arange(ROWS, dtype=name)
            for name in ("int8", "int32", "uint32", "int64", "float32", "float64")
        },
        "gaps": [1.0, None, 3.0, 4.0],
        "whole gaps": pd.array([1, None, 3, 4], dtype="Int64"),
        "flag": [True, False, True, False],
        "flag gaps": [True, None, True, False],
        "text": ["a", None, "b", "c"],
        "category": pd.Categorical(["a", "b", "a", "b"]),
        "day": pd.date_range("2020-01-31", periods=ROWS),
    }
)
BINARY = Problem(type="binary", classes=("no", "yes"))
PREDICTED = {
    "binary": (BINARY, np.full((ROWS, 2), 0.5)),
    "regression": (Problem(type="regression"), np.zeros(ROWS)),
}


@pytest.mark.filterwarnings("ignore:Hint")
@pytest.mark.parametrize("case", PREDICTED)
def test_it_is_what_mlflow_infers(case: str) -> None:
    problem, predicted = PREDICTED[case]
    described = json.loads(json.dumps(describe_signature(FRAME, problem)))
    inferred = infer_signature(FRAME, predicted)
    assert Schema.from_json(json.dumps(described["inputs"])) == inferred.inputs
    assert Schema.from_json(json.dumps(described["outputs"])) == inferred.outputs
    assert described["classes"] == list(problem.classes)


def test_the_example_is_plain_json_with_what_the_model_says() -> None:
    found = json.loads(json.dumps(input_example(FRAME, np.array([0.1, 0.2, 0.3, 1 / 3]))))
    assert found["columns"] == list(FRAME.columns)
    assert found["prediction"][3] == 1 / 3
    row = dict(zip(found["columns"], found["data"][1], strict=True))
    assert row["gaps"] is None
    assert row["text"] is None
    assert row["flag"] is False
    assert row["day"].startswith("2020-02-01")


def test_rows_that_are_all_alike_are_shown_once() -> None:
    frame = pd.DataFrame({"a": [1, 1, 2, 1, 3]})
    found = input_example(frame, np.array([0.1, 0.1, 0.2, 0.1, 0.3]))
    assert found["data"] == [[1], [2], [3]]
    assert found["prediction"] == [0.1, 0.2, 0.3]
