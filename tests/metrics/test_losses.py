"""A row's loss is what the metric of its problem averages."""

import numpy as np
import pytest
import sklearn.metrics as sk
from tests.metrics.oracles import ORACLES, sample

from experiment_cycle.metrics.losses import row_loss_name, row_losses
from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.problem import ProblemType


@pytest.mark.parametrize(
    ("problem", "name"), [("binary", "log_loss"), ("multiclass", "log_loss"), ("regression", "mae")]
)
def test_the_losses_of_the_rows_average_to_the_metric(problem: ProblemType, name: str) -> None:
    outcomes = sample(problem, 40, 1)

    found = row_losses(outcomes)

    for row in range(40):
        only = np.zeros(40)
        only[row] = 1
        assert found[row] == pytest.approx(ORACLES[problem][name](outcomes, only), abs=1e-12)
    assert row_loss_name(problem) == {"log_loss": "log loss", "mae": "absolute error"}[name]


def test_a_certain_error_costs_no_more_than_the_last_bit_allows() -> None:
    found = row_losses(Outcomes("binary", np.array([1, 0]), np.array([0.0, 0.0])))

    np.testing.assert_allclose(found, [-np.log(np.finfo(np.float64).eps), 0.0], atol=1e-15)


def test_a_row_of_a_ranking_loses_what_its_query_loses() -> None:
    outcomes = Outcomes(
        "ranking",
        np.array([2.0, 0, 1, 0, 0]),
        np.array([0.1, 0.3, 0.2, 0.9, 0.8]),
        np.array([1, 1, 1, 0, 0]),
    )

    found = row_losses(outcomes)

    expected = 1 - sk.ndcg_score([[3, 0, 1]], [[0.1, 0.3, 0.2]], k=10)
    np.testing.assert_allclose(found[:3], expected, rtol=1e-12)
    assert np.isnan(found[3:]).all()
    assert row_loss_name("ranking") == "1 - NDCG at 10 of its query"


@pytest.mark.parametrize("problem", ["binary", "regression", "ranking"])
def test_no_rows_have_no_losses(problem: ProblemType) -> None:
    outcomes = Outcomes(problem, np.zeros(0), np.zeros(0), np.zeros(0, np.int64))

    assert row_losses(outcomes).shape == (0,)
