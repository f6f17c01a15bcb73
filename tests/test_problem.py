from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import LabelEncoder

from experiment_cycle.columns import Columns
from experiment_cycle.errors import DataError
from experiment_cycle.problem import Problem

Y = Columns(target="y")


def series(values: Any, **kind: Any) -> pd.Series:
    return pd.Series(values, name="y", **kind)


@pytest.mark.parametrize(
    ("target", "classes"),
    [
        (series(["b", "a", "b"]), ("a", "b")),
        (series(["b", "a", "b"], dtype="category"), ("a", "b")),
        (series(pd.Categorical(["b", "a"], categories=["c", "b", "a"])), ("a", "b")),
        (series([True, False, True]), (False, True)),
        (series([True, False], dtype="boolean"), (False, True)),
        (series([3, 1], dtype="Int64"), (1, 3)),
        (series([0.0, 1.0]), (0.0, 1.0)),
    ],
    ids=lambda value: str(getattr(value, "dtype", "")),
)
def test_two_levels_are_a_binary_problem_whose_greater_one_is_positive(
    target: pd.Series, classes: tuple[Any, ...]
) -> None:
    problem = Problem.of("classification", target, Y)

    assert (problem.type, problem.classes, problem.outputs) == ("binary", classes, 1)
    assert [type(level) for level in problem.classes] == [type(level) for level in classes]
    codes = problem.encode(target, "train")
    assert codes.dtype == np.int64
    assert [classes[code] for code in codes] == target.tolist()
    assert Problem.model_validate_json(problem.model_dump_json()) == problem


@given(
    st.lists(st.sampled_from(["u", "v", "w", "x"]), min_size=1).map(lambda more: [*"uvw", *more])
)
def test_more_levels_are_a_multiclass_problem_coded_as_scikit_learn_does(levels: list[str]) -> None:
    target = series(levels)

    problem = Problem.of("classification", target, Y)

    assert problem.type == "multiclass"
    assert problem.outputs == len(set(levels))
    expected = LabelEncoder().fit(levels)
    assert problem.names == tuple(expected.classes_)
    assert problem.encode(target, "train").tolist() == expected.transform(levels).tolist()


def test_a_positive_level_is_told_from_all_others_however_many_there_are() -> None:
    columns = Columns(target="y", positive=7)
    target = series(np.arange(500))

    problem = Problem.of("classification", target, columns)

    assert problem.classes == (None, 7)
    assert problem.names == ("other", "7")
    assert problem.encode(target, "train").sum() == 1
    assert problem.encode(series([7, 1_000]), "test").tolist() == [1, 0]


def test_a_positive_level_written_otherwise_is_the_level_of_the_data() -> None:
    problem = Problem.of("classification", series([True, False]), Columns(target="y", positive=1))

    assert problem.classes[1] is True


@pytest.mark.parametrize("kind", ["str", "category", "object"])
def test_a_class_no_training_row_has_is_refused_by_name(kind: str) -> None:
    for levels in (["a", "b"], ["a", "b", "c"]):
        problem = Problem.of("classification", series(levels, dtype=kind), Y)
        with pytest.raises(DataError, match=r"classes in validation .* has: z\."):
            problem.encode(series(["a", "z"], dtype=kind), "validation")


@pytest.mark.parametrize(
    ("task", "target", "told"),
    [
        ("classification", series(["a", "a"]), "one class only in train: 'a' in all 2 rows"),
        ("classification", series(np.arange(101)), "101 levels, more than the 100 classes"),
        ("classification", series(["a", None, "b"]), "missing in 1 rows of train, first in row 1"),
        (
            "classification",
            series(pd.to_datetime(["2020-01-01", "2021-01-01"])),
            "A class is text, a number, or true or false",
        ),
        ("regression", series(["a", "b"]), "the task regression predicts a number"),
        ("regression", series([2.0, 2.0]), "is 2 in all 2 rows of train"),
        ("regression", series([1.0, np.inf, 3.0]), "1 rows of train, first in row 1: inf"),
        ("regression", series([1.0, 1e300]), "within 3.4e+38"),
        ("regression", series([1.0, None]), "first in row 1: nan"),
        ("ranking", series([0, 1, -1]), "a whole number from 0 to 30"),
        ("ranking", series([0, 1, 0.5]), "first in row 2: 0.5"),
        ("ranking", series([0, 31]), "from 0 to 30"),
        ("ranking", series([0, 0]), "nothing to learn"),
    ],
)
def test_a_target_that_cannot_be_predicted_is_refused(
    task: Any, target: pd.Series, told: str
) -> None:
    with pytest.raises(DataError) as raised:
        Problem.of(task, target, Y)
    assert told in raised.value.message
    assert "Target 'y'" in raised.value.message
    assert "Next step: " in raised.value.message


def test_no_row_of_the_positive_class_is_refused_with_the_classes_there_are() -> None:
    with pytest.raises(DataError, match=r"no row of the positive class 'c' in train; it has 'a'"):
        Problem.of("classification", series(["a", "b"]), Columns(target="y", positive="c"))


@pytest.mark.parametrize("kind", ["int8", "Int64", "float32", "Float64", "bool", "boolean"])
@pytest.mark.parametrize("task", ["regression", "ranking"])
def test_numbers_of_any_type_are_encoded_as_floats(task: Any, kind: str) -> None:
    target = series([0, 1, 1], dtype=kind)

    problem = Problem.of(task, target, Y)

    assert (problem.type, problem.classes, problem.outputs) == (task, (), 1)
    assert problem.encode(target, "train").tolist() == [0.0, 1.0, 1.0]
    assert problem.encode(target, "train").dtype == np.float64
