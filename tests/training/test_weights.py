from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_sample_weight

from experiment_cycle.columns import Columns
from experiment_cycle.errors import ConfigurationError, CycleError, DataError
from experiment_cycle.problem import Problem
from experiment_cycle.training.weights import row_weights


def weigh(frame: pd.DataFrame, class_weight: Any = None, task: Any = "classification") -> Any:
    columns = Columns(target="y", weight="w" if "w" in frame else None)
    problem = Problem.of(task, frame["y"], columns)
    return row_weights(frame, problem.encode(frame["y"], "train"), columns, problem, class_weight)


def test_without_weights_all_rows_count_alike() -> None:
    assert weigh(pd.DataFrame({"y": ["a", "b"]})) is None


@given(st.lists(st.sampled_from("abc"), min_size=1).map(lambda more: [*"abc", *more]))
def test_balanced_is_what_scikit_learn_calls_balanced(levels: list[str]) -> None:
    found = weigh(pd.DataFrame({"y": levels}), "balanced")

    np.testing.assert_allclose(found, compute_sample_weight("balanced", levels))


def test_balanced_classes_count_alike_in_sum_when_rows_have_weights() -> None:
    frame = pd.DataFrame({"y": list("aaab"), "w": [1.0, 2.0, 3.0, 0.5]})

    found = weigh(frame, "balanced")

    assert found[:3].sum() == pytest.approx(found[3])
    assert found.sum() == pytest.approx(frame["w"].sum())


@pytest.mark.parametrize(
    ("levels", "given"),
    [
        (["no", "yes"], {"yes": 3.0}),
        ([0, 1], {1: 3.0}),
        ([0, 1], {"1": 3.0}),
        ([0.0, 1.0], {"1": 3.0}),
        ([False, True], {True: 3.0}),
        ([False, True], {"true": 3.0}),
    ],
)
def test_weights_by_level_multiply_those_of_the_rows(levels: list[Any], given: Any) -> None:
    assert weigh(pd.DataFrame({"y": levels}), given).tolist() == [1.0, 3.0]
    assert weigh(pd.DataFrame({"y": levels, "w": [2, 4]}), given).tolist() == [2.0, 12.0]


@pytest.mark.parametrize(
    ("frame", "class_weight", "error", "told"),
    [
        ({"y": [0, 1], "w": [1.0, -1.0]}, None, DataError, "1 rows of train, first in row 1: -1"),
        ({"y": [0, 1], "w": [1.0, np.nan]}, None, DataError, "first in row 1: nan"),
        ({"y": [0, 1], "w": [np.inf, 1.0]}, None, DataError, "first in row 0: inf"),
        ({"y": [0, 1], "w": ["1", "2"]}, None, DataError, "A weight is a number from 0 on"),
        ({"y": [0, 1], "w": [0, 0]}, None, DataError, "every training row the weight 0"),
        ({"y": ["a", "b"]}, {"c": 2.0}, ConfigurationError, "'c', which is no level"),
        ({"y": ["a", "b"]}, {"c": 2.0}, ConfigurationError, "Levels: a, b."),
        ({"y": ["a", "b"]}, {"a": -2.0}, ConfigurationError, "training.class_weight.a is -2.0"),
        ({"y": ["a", "b"]}, {"a": np.inf}, ConfigurationError, "training.class_weight.a is inf"),
        ({"y": ["a", "b"]}, {"a": 0, "b": 0}, DataError, "training.class_weight gives"),
    ],
)
def test_wrong_weights_are_refused(
    frame: Any, class_weight: Any, error: type[CycleError], told: str
) -> None:
    with pytest.raises(error) as raised:
        weigh(pd.DataFrame(frame), class_weight)
    assert told in raised.value.message


def test_classes_have_no_weight_where_there_are_none() -> None:
    with pytest.raises(ConfigurationError, match="the task is regression, which has no classes"):
        weigh(pd.DataFrame({"y": [0.5, 1.5]}), "balanced", "regression")
