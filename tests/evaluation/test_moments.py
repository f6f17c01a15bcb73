"""Test rows that follow each other in time are resampled by moment."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from experiment_cycle.columns import Columns
from experiment_cycle.evaluation.both_models import estimate_metrics
from experiment_cycle.evaluation.moments import number_moments
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.metrics.units import Units

OPTIONS = EvaluationOptions(bootstrap_replicates=400)
ROWS = pd.DataFrame(
    {"y": 1.0, "at": pd.to_datetime(["2024-03-01", "2024-01-01", "2024-03-01"]), "who": [1, 2, 1]}
)


def test_moments_are_numbered_in_their_order() -> None:
    found = number_moments(ROWS, Columns(target="y", time="at"), "time")

    np.testing.assert_array_equal(found, [1, 0, 1])


@pytest.mark.parametrize(
    ("columns", "strategy"),
    [
        (Columns(target="y", time="at"), "random"),
        (Columns(target="y"), "key_hash"),
        (Columns(target="y", time="at", group="who"), "group_time"),
        (Columns(target="y", time="at", query="who"), "time"),
    ],
)
def test_other_splits_and_rows_held_together_have_none(columns: Columns, strategy: str) -> None:
    assert number_moments(ROWS, columns, strategy) is None


def in_time(made: Predictions, moments: int) -> Predictions:
    moment = np.arange(len(made)) * moments // len(made)
    return Predictions(made.table.assign(moment=moment), made.problem, made.thresholds)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression"])
def test_intervals_are_those_of_the_cosine_estimator(kind: str, make) -> None:
    made = in_time(make(kind), 100)

    found = estimate_metrics(made, OPTIONS, seed=1)

    assert (found.unit, found.units) == ("moment", 100)
    assert "cosine estimator" in found.method
    name = "mse" if kind == "regression" else "log_loss"
    each, count = found.challenger[name], int(0.4 * 100 ** (2 / 3))
    reach = stats.t.ppf(0.975, count) * each.standard_error
    assert (each.lower, each.upper) == pytest.approx((each.value - reach, each.value + reach))
    assert each.bootstrap_lower < each.value < each.bootstrap_upper


def test_rankings_stay_with_their_queries(make) -> None:
    made = in_time(make("ranking"), 100)

    assert made.unit == "query"
    assert not made.units.in_time


def test_few_moments_have_a_rough_interval(make) -> None:
    found = estimate_metrics(in_time(make("regression"), 20), OPTIONS, seed=1)

    assert found.challenger["mae"].note.startswith("rough interval: only 20 moments")


def test_slices_of_a_series_are_series(make) -> None:
    made = in_time(make("regression"), 100)
    chosen = np.arange(len(made)) % 3 > 0

    within = made.within(chosen)

    expected = Units.from_codes(made.table["moment"][chosen], in_time=True)
    np.testing.assert_array_equal(within.units.codes, expected.codes)
    assert within.units.in_time
