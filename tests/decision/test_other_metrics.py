"""Criteria on what has no formula: metrics of the user's own; and series in time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.arima_process import arma_generate_sample
from tests.metrics.own_scores import savings

from experiment_cycle.decision.criteria import check_hypothesis, check_metrics, improvement
from experiment_cycle.decision.intervals import measure_effect, name_test
from experiment_cycle.decision.paired import PairedPredictions
from experiment_cycle.decision.verdicts import Levels, judge, track
from experiment_cycle.errors import ConfigurationError
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.hypothesis import Hypothesis
from experiment_cycle.problem import Problem

OWN = "tests.metrics.own_scores.savings:greater"
LEVELS = Levels(0.03, 0.025)

Predict = Callable[..., pd.DataFrame]


def paired_of(table: pd.DataFrame, kind: str = "binary") -> PairedPredictions:
    classes = ("no", "yes") if kind == "binary" else ()
    return PairedPredictions.of(Predictions(table, Problem(type=kind, classes=classes)))


def series_of(moments: int, gain: float, seed: int = 0) -> pd.DataFrame:
    """Errors of two models that come and go together, in no order of the rows."""
    generator = np.random.default_rng(seed)
    draw = generator.normal
    errors = arma_generate_sample(
        [1, -0.6], [1], (moments, 2), distrvs=lambda size: draw(size=size)
    )
    moment = generator.permutation(moments)
    table = {
        "unit": np.arange(moments),
        "moment": moment,
        "target": np.zeros(moments),
        "challenger": (1.0 - gain) * errors[moment, 0],
        "incumbent": errors[moment, 1],
    }
    return pd.DataFrame(table, index=pd.Index(np.arange(moments), name="__row__"))


@pytest.mark.parametrize("group_size", [1, 4])
def test_a_metric_of_the_users_own_decides_by_a_paired_bootstrap(
    group_size: int, make_predictions: Predict
) -> None:
    paired = paired_of(make_predictions(rows=400, group_size=group_size))

    effect = measure_effect(improvement(OWN), paired)

    said = [paired.models[name].prediction for name in ("challenger", "incumbent")]
    target = paired.models["challenger"].target
    assert effect.value == pytest.approx(savings(target, said[0]) - savings(target, said[1]))
    # resampled with a loop of its own
    generator, units = np.random.default_rng(1), 400 // group_size
    drawn = []
    for _ in range(400):
        chosen = generator.integers(0, units, units)
        rows = (chosen[:, None] * group_size + np.arange(group_size)).reshape(-1)
        scores = [savings(target[rows], each[rows]) for each in said]
        drawn.append(scores[0] - scores[1])
    assert effect.standard_error == pytest.approx(np.std(drawn), rel=0.2)
    told = name_test(improvement(OWN), paired)
    assert told.startswith("paired bootstrap over 200 resamples (Efron 1979)")
    assert ("drawn by group" in told) is (group_size > 1)


def test_the_same_predictions_draw_the_same_resamples(make_predictions: Predict) -> None:
    table = make_predictions(rows=300)
    first, again = (track(OWN, paired_of(table)) for _ in range(2))

    assert first == again
    assert first.lower < first.effect < first.upper


def test_a_calibration_error_is_tracked_with_an_interval(make_predictions: Predict) -> None:
    tracked = track("ece", paired_of(make_predictions(rows=500)))

    assert tracked.lower < tracked.effect < tracked.upper


def test_a_calibration_error_carries_no_criterion(
    make_hypothesis: Callable[..., Hypothesis],
) -> None:
    rail = {"metric": "ece", "max_increase": 0.01}
    primary = {"metric": "roc_auc", "expected_improvement": 0.05}
    asked = make_hypothesis(success_criteria={"primary": primary, "guardrails": [rail]})

    with pytest.raises(
        ConfigurationError, match=r"'ece' can be tracked.*biased.*log_loss or brier"
    ):
        check_hypothesis(asked, "classification")
    check_hypothesis(make_hypothesis(metrics_to_track=["ece"]), "classification")


def test_metrics_of_one_class_and_of_the_users_own_are_checked_before_any_work(
    make_hypothesis: Callable[..., Hypothesis],
) -> None:
    sound = make_hypothesis(metrics_to_track=["recall_of_yes", "jaccard", OWN])
    check_hypothesis(sound, "classification")
    check_metrics(sound, Problem(type="binary", classes=("no", "yes")))

    with pytest.raises(ConfigurationError, match=r"'yes', which there is not.*Known: high, low"):
        check_metrics(sound, Problem(type="binary", classes=("low", "high")))
    with pytest.raises(ConfigurationError, match="fails on small samples"):
        check_hypothesis(
            make_hypothesis(metrics_to_track=["tests.metrics.own_scores.fails:lower"]),
            "classification",
        )
    with pytest.raises(ConfigurationError, match="the task is regression"):
        check_hypothesis(make_hypothesis(metrics_to_track=["jaccard"]), "regression")


def test_moments_are_compared_by_the_cosines_of_their_differences() -> None:
    table = series_of(400, gain=0.3)
    paired = paired_of(table, "regression")

    verdict = judge(improvement("mse"), paired, LEVELS)

    ordered = table.sort_values("moment")
    gains = (ordered["incumbent"] ** 2 - ordered["challenger"] ** 2).to_numpy()
    places, count = np.arange(400) + 0.5, int(0.4 * 400 ** (2 / 3))
    waves = np.cos(np.pi * np.outer(np.arange(1, count + 1), places) / 400)
    variance = np.mean((np.sqrt(2 / 400) * waves @ gains) ** 2) / 400
    effect = measure_effect(improvement("mse"), paired)
    assert effect.value == pytest.approx(gains.mean())
    assert effect.standard_error == pytest.approx(np.sqrt(variance), rel=1e-9)
    assert effect.degrees_of_freedom == count
    assert paired.unit == "moment"
    assert "cosine estimator" in verdict.test
    assert f"t with {count}.0 degrees of freedom" in verdict.test


def test_fewer_than_thirty_moments_decide_nothing() -> None:
    few = judge(improvement("mse"), paired_of(series_of(29, gain=0.9), "regression"), LEVELS)
    enough = judge(improvement("mse"), paired_of(series_of(60, gain=0.9), "regression"), LEVELS)

    assert (few.status, enough.status) == ("undecided", "met")
    assert "29 moments; nothing is decided with fewer than 30" in few.note


def test_equal_models_of_a_series_are_promoted_as_seldom_as_promised() -> None:
    promoted = sum(
        measure_effect(
            improvement("mse"), paired_of(series_of(200, 0.0, seed), "regression")
        ).p_value(0.0)
        < 0.05
        for seed in range(400)
    )

    # 5 %, give or take three standard errors; rows taken for independent give 12 %
    assert promoted / 400 < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


def test_whether_rows_follow_in_time_is_part_of_what_is_compared() -> None:
    table = series_of(60, gain=0.1)
    alone = paired_of(table.drop(columns="moment").assign(unit=table["moment"]), "regression")

    assert alone.hash("challenger") != paired_of(table, "regression").hash("challenger")
