"""The worst rows are those the challenger is surest about, wrongly."""

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.columns import ROW
from experiment_cycle.evaluation.errors.failures import worst_rows
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.problem import Problem

INDEX = pd.Index([7, 3, 5, 1], name=ROW)
TEST = pd.DataFrame({"ill": [True, False, True, True], "target": [9, 8, 7, 6]}, index=INDEX)
TABLE = pd.DataFrame(
    {
        "unit": range(4),
        "target": np.array([1, 0, 1, 1]),
        "challenger": [0.9, 0.8, 0.2, 0.6],
        "incumbent": [0.1, 0.2, 0.3, 0.4],
    },
    index=INDEX,
)
PREDICTIONS = Predictions(TABLE, Problem(type="binary", classes=(False, True)))


def test_the_worst_rows_come_first_with_their_own_columns() -> None:
    found = worst_rows(TEST.sort_index(), PREDICTIONS, 3)

    assert found.to_dict("list") == {
        ROW: [3, 5, 1],
        "loss": pytest.approx([np.log(5), np.log(5), -np.log(0.6)]),
        "probability": [0.8, 0.2, 0.6],
        "target": [0, 1, 1],
        "incumbent_probability": [0.2, 0.3, 0.4],
        "ill": [False, True, True],
        "target (data)": [8, 7, 6],
    }


def test_fewer_rows_than_asked_for_are_all_there_are() -> None:
    assert len(worst_rows(TEST, PREDICTIONS, 50)) == 4


def test_classes_are_told_in_words() -> None:
    table = pd.DataFrame(
        {
            "unit": range(3),
            "target": [0, 1, 2],
            **{f"challenger_{code}": np.eye(3)[code] * 0.8 + 0.1 for code in (0, 1)},
            "challenger_2": [0.1, 0.1, 0.05],
            **{f"incumbent_{code}": [0.2, 0.2, 0.6][code] for code in range(3)},
        },
        index=pd.RangeIndex(3, name=ROW),
    )
    problem = Problem(type="multiclass", classes=("bus", "car", "train"))

    found = worst_rows(
        pd.DataFrame({"age": [4, 5, 6]}, index=table.index), Predictions(table, problem), 1
    )

    assert found.to_dict("list") == {
        ROW: [2],
        "loss": pytest.approx([-np.log(0.05)]),
        "prediction": ["bus"],
        "probability": [0.05],
        "target": ["train"],
        "incumbent_prediction": ["train"],
        "age": [6],
    }


def test_numbers_are_wrong_by_their_distance() -> None:
    problem = Problem(type="regression")
    table = TABLE.assign(target=[1.0, 2.0, 3.0, -4.0])

    found = worst_rows(TEST, Predictions(table, problem), 2)

    assert list(found[ROW]) == [1, 5]
    assert list(found["loss"]) == pytest.approx([4.6, 2.8])
    assert list(found["prediction"]) == [0.6, 0.2]
    assert list(found["incumbent_prediction"]) == [0.4, 0.3]


def test_rows_of_the_worst_queries_stay_together_and_queries_without_relevance_are_left_out() -> (
    None
):
    table = pd.DataFrame(
        {
            "unit": [0, 1, 0, 1, 2, 2],
            "query": [0, 1, 0, 1, 2, 2],
            "target": [1.0, 1.0, 0.0, 0.0, 0.0, 0.0],
            "challenger": [0.1, 0.1, 0.9, 0.9, 0.5, 0.4],
            "incumbent": 0.0,
        },
        index=pd.RangeIndex(6, name=ROW),
    )

    found = worst_rows(
        pd.DataFrame(index=table.index), Predictions(table, Problem(type="ranking")), 10
    )

    assert list(found["query"]) == [0, 0, 1, 1]
    assert list(found[ROW]) == [0, 2, 1, 3]
    assert list(found["loss"]) == pytest.approx([1 - 1 / np.log2(3)] * 4)
