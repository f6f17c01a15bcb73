"""The worst rows are those the challenger is surest about, wrongly."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiment_cycle.columns import ROW
from experiment_cycle.evaluation.errors.explanations import told_rows
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


RANKED = pd.DataFrame(
    {
        "unit": [0, 1, 0, 1, 2, 2],
        "query": [0, 1, 0, 1, 2, 2],
        "target": [1.0, 1.0, 0.0, 0.0, 0.0, 0.0],
        "challenger": [0.1, 0.1, 0.9, 0.9, 0.5, 0.4],
        "incumbent": 0.0,
    },
    index=pd.RangeIndex(6, name=ROW),
)


def test_rows_of_the_worst_queries_stay_together_and_queries_without_relevance_are_left_out() -> (
    None
):
    predictions = Predictions(RANKED, Problem(type="ranking"))

    found = worst_rows(pd.DataFrame(index=RANKED.index), predictions, 10)

    assert list(found["query"]) == [0, 0, 1, 1]
    assert list(found[ROW]) == [0, 2, 1, 3]
    assert list(found["place"]) == [2, 1, 2, 1]
    assert list(found["loss"]) == pytest.approx([1 - 1 / np.log2(3)] * 4)
    assert list(told_rows(found)[ROW]) == [0, 2, 1, 3]


@pytest.mark.parametrize(("most", "rows"), [(1, [0, 2]), (3, [0, 2]), (4, [0, 2, 1, 3])])
def test_no_query_is_cut(most: int, rows: list[int]) -> None:
    predictions = Predictions(RANKED, Problem(type="ranking"))

    assert list(worst_rows(pd.DataFrame(index=RANKED.index), predictions, most)[ROW]) == rows


def test_of_a_query_the_row_put_first_and_the_best_one_are_told() -> None:
    table = pd.DataFrame(
        {
            **{"unit": 0, "query": 0, "target": [2.0, 0.0, 2.0, 1.0, 0.0], "incumbent": 0.0},
            "challenger": [0.5, 0.9, 0.4, 0.8, 0.1],
        },
        index=pd.RangeIndex(5, name=ROW),
    )
    predictions = Predictions(table, Problem(type="ranking"))

    found = told_rows(worst_rows(pd.DataFrame(index=table.index), predictions, 9))

    assert list(found[ROW]) == [1, 2]
    assert list(found["place"]) == [1, 4]


@given(st.lists(st.sampled_from([0.1, 0.2, 0.5, 0.9]), min_size=1, max_size=40), st.integers(1, 50))
def test_the_worst_rows_are_the_first_of_all_rows_sorted(said: list[float], most: int) -> None:
    index = pd.RangeIndex(len(said), name=ROW)
    table = pd.DataFrame(
        {"unit": index, "target": 1, "challenger": said, "incumbent": 0.5}, index=index
    )
    predictions = Predictions(table, Problem(type="binary", classes=(False, True)))

    found = worst_rows(pd.DataFrame(index=index), predictions, most)

    assert list(found[ROW]) == sorted(index, key=lambda row: (said[row], row))[:most]
