from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.errors import DataError
from experiment_cycle.problem import Problem
from experiment_cycle.training.predicting import predict_outputs

BINARY = Problem(type="binary", classes=("no", "yes"))
MULTICLASS = Problem(type="multiclass", classes=("a", "b", "c"))
FRAME = pd.DataFrame({"x": range(3)}, index=[7, 8, 9])


class Says:
    """Predicts what it was told to, whatever the rows."""

    def __init__(self, answer):
        self.answer = np.array(answer)

    def predict_proba(self, rows):
        return self.answer

    def predict(self, rows):
        return self.answer


def test_each_problem_has_its_shape():
    two = Says([[0.9, 0.1], [0.5, 0.5], [0.0, 1.0]])
    assert predict_outputs(two, FRAME, BINARY).tolist() == [0.1, 0.5, 1.0]
    three = Says(np.full((3, 3), 1 / 3))
    assert predict_outputs(three, FRAME, MULTICLASS).shape == (3, 3)
    numbers = predict_outputs(Says([1, 2, 3]), FRAME, Problem(type="regression"))
    assert numbers.dtype == np.float64
    assert numbers.tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.1, 1.1])
def test_what_is_no_probability_is_refused_with_its_row(value):
    with pytest.raises(DataError, match=r"probability.*in 1 of 3 rows, first in row 8"):
        predict_outputs(Says([[0.5, 0.5], [0.5, value], [0.5, 0.5]]), FRAME, BINARY)
    wrong = np.full((3, 3), 1 / 3)
    wrong[1:, 2] = value
    with pytest.raises(DataError, match=rf"in 2 of 3 rows, first in row 8: {value}"):
        predict_outputs(Says(wrong), FRAME, MULTICLASS)


@pytest.mark.parametrize("kind", ["regression", "ranking"])
def test_a_number_may_be_anything_but_infinite_or_missing(kind):
    assert predict_outputs(Says([-5.0, 0.0, 7.0]), FRAME, Problem(type=kind)).min() == -5.0
    with pytest.raises(DataError, match="finite number in 1 of 3 rows, first in row 9: inf"):
        predict_outputs(Says([0.0, 1.0, np.inf]), FRAME, Problem(type=kind))


def test_a_wrong_number_of_classes_is_refused():
    with pytest.raises(DataError, match=r"shape \(3, 2\).*multiclass needs \(3, 3\)"):
        predict_outputs(Says(np.full((3, 2), 0.5)), FRAME, MULTICLASS)


def test_no_rows_have_no_predictions():
    none = FRAME[:0]
    assert predict_outputs(Says(np.zeros((0, 2))), none, BINARY).shape == (0,)
