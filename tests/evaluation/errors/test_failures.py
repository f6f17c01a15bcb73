"""The worst rows are those the challenger is surest about, wrongly."""

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.columns import ROW
from experiment_cycle.evaluation.errors.failures import worst_rows

INDEX = pd.Index([7, 3, 5, 1], name=ROW)
TEST = pd.DataFrame({"ill": [True, False, True, True], "target": [9, 8, 7, 6]}, index=INDEX)
PREDICTIONS = pd.DataFrame(
    {
        "unit": range(4),
        "target": np.array([1, 0, 1, 1], np.int8),
        "challenger": [0.9, 0.8, 0.2, 0.6],
        "incumbent": [0.1, 0.2, 0.3, 0.4],
    },
    index=INDEX,
)


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
