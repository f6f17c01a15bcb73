"""Effects and bounds against scipy, and against DeLong's formula written out naively."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score
from tests.metrics.oracles import skewed_bound, skewed_t

from experiment_cycle.decision.criteria import Criterion, improvement
from experiment_cycle.decision.intervals import measure_effect, name_test
from experiment_cycle.decision.paired import PairedPredictions
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.problem import Problem

LEVEL = 0.03

Predict = Callable[..., pd.DataFrame]


def paired_of(table: pd.DataFrame) -> PairedPredictions:
    problem = Problem(type="binary", classes=(0, 1))
    predictions = Predictions(table, problem)
    return PairedPredictions.of(predictions)


def row_losses(table: pd.DataFrame, model: str, metric: str) -> np.ndarray:
    target, probability = table["target"].to_numpy(), table[model].to_numpy()
    if metric == "brier":
        return (target - probability) ** 2
    return -np.log(np.where(target == 1, probability, 1.0 - probability))


@pytest.mark.parametrize("metric", ["log_loss", "brier"])
@pytest.mark.parametrize("seed", range(5))
def test_means_over_rows_are_scipys_paired_t_test_made_up_for_skewness(
    metric: str, seed: int, make_predictions: Predict
) -> None:
    table = make_predictions(rows=150, seed=seed)
    gains = row_losses(table, "incumbent", metric) - row_losses(table, "challenger", metric)

    effect = measure_effect(improvement(metric), paired_of(table))
    lower, upper = effect.bounds(LEVEL, 0.05)

    assert effect.p_value(0.0) == pytest.approx(skewed_t(gains), rel=1e-9)
    assert effect.p_value_above(0.0) == pytest.approx(skewed_t(-gains), rel=1e-9)
    assert lower == pytest.approx(skewed_bound(gains, LEVEL), abs=1e-10)
    assert upper == pytest.approx(-skewed_bound(-gains, 0.05), abs=1e-10)
    student = stats.ttest_1samp(gains, 0.0, alternative="greater").confidence_interval(1 - LEVEL)
    assert lower <= student.low + 1e-12


def naive_delong(table: pd.DataFrame) -> tuple[float, float]:
    """Difference of the two areas and its variance, over all pairs of a positive and a negative."""
    target = table["target"].to_numpy() == 1
    placements = []
    for model in ("challenger", "incumbent"):
        score = table[model].to_numpy()
        wins = np.array(
            [
                [1.0 if p > q else 0.5 if p == q else 0.0 for q in score[~target]]
                for p in score[target]
            ]
        )
        placements.append((wins.mean(axis=1), wins.mean(axis=0), wins.mean()))
    positive = placements[0][0] - placements[1][0]
    negative = placements[0][1] - placements[1][1]
    # population variances, as the clustered formula has one correction for all rows together
    variance = positive.var() / len(positive) + negative.var() / len(negative)
    return placements[0][2] - placements[1][2], variance * len(target) / (len(target) - 1)


@pytest.mark.parametrize("decimals", [1, 16], ids=["many ties", "no ties"])
def test_roc_auc_is_delongs_test(decimals: int, make_predictions: Predict) -> None:
    table = make_predictions(rows=120).round({"challenger": decimals, "incumbent": decimals})
    difference, variance = naive_delong(table)

    effect = measure_effect(improvement("roc_auc"), paired_of(table))

    assert effect.value == pytest.approx(difference, abs=1e-12)
    assert effect.standard_error == pytest.approx(math.sqrt(variance), abs=1e-12)


def test_one_row_a_group_and_rows_of_their_own_are_the_same(make_predictions: Predict) -> None:
    table = make_predictions(rows=300)
    shuffled = table.assign(unit=np.random.default_rng(1).permutation(len(table)))

    for metric in ("roc_auc", "f1", "log_loss"):
        first = measure_effect(improvement(metric), paired_of(table))
        second = measure_effect(improvement(metric), paired_of(shuffled))
        assert second.standard_error == pytest.approx(first.standard_error, rel=1e-9)


def test_rows_written_twice_are_no_more_evidence_once_they_are_grouped(
    make_predictions: Predict,
) -> None:
    table = make_predictions(rows=300)
    twice = pd.concat([table, table]).reset_index(drop=True)

    for metric in ("roc_auc", "average_precision", "recall", "brier"):
        once = measure_effect(improvement(metric), paired_of(table))
        grouped = measure_effect(improvement(metric), paired_of(twice))
        assert grouped.value == pytest.approx(once.value, abs=1e-12)
        assert grouped.standard_error == pytest.approx(once.standard_error, rel=1e-9)
        assert grouped.degrees_of_freedom == pytest.approx(once.degrees_of_freedom)


def test_row_order_changes_nothing(make_predictions: Predict) -> None:
    table = make_predictions(rows=200, group_size=4)
    first, second = paired_of(table), paired_of(table.sample(frac=1.0, random_state=3))

    assert measure_effect(improvement("roc_auc"), first) == measure_effect(
        improvement("roc_auc"), second
    )
    assert first.hash("challenger") == second.hash("challenger")


def test_values_are_scikit_learns(make_predictions: Predict) -> None:
    table = make_predictions(rows=200)
    for metric, oracle in (
        ("roc_auc", roc_auc_score),
        ("log_loss", log_loss),
        ("brier", brier_score_loss),
    ):
        effect = measure_effect(improvement(metric), paired_of(table))
        assert effect.challenger == pytest.approx(oracle(table["target"], table["challenger"]))
        assert effect.incumbent == pytest.approx(oracle(table["target"], table["incumbent"]))


def test_a_ratio_is_the_paired_t_test_of_the_scaled_losses(make_predictions: Predict) -> None:
    table = make_predictions(rows=150)
    criterion = Criterion("guardrail", "brier", "max_increase_ratio", 0.2, "", -1, 1.2, 0, 0)
    scaled = 1.2 * row_losses(table, "incumbent", "brier")
    oracle = skewed_t(scaled - row_losses(table, "challenger", "brier"))

    assert measure_effect(criterion, paired_of(table)).p_value(0.0) == pytest.approx(oracle)


def test_an_absolute_limit_is_the_one_sample_t_test_of_the_challengers_losses(
    make_predictions: Predict,
) -> None:
    table = make_predictions(rows=150)
    criterion = Criterion("guardrail", "brier", "max", 0.25, "", -1, 0, 0.25, 0)
    losses = row_losses(table, "challenger", "brier")
    oracle = skewed_t(0.25 - losses)

    assert measure_effect(criterion, paired_of(table)).p_value(0.0) == pytest.approx(oracle)


def test_models_that_do_not_differ_leave_the_error_of_one_unit_that_does(
    make_predictions: Predict,
) -> None:
    table = make_predictions(rows=200)
    table["challenger"] = table["incumbent"]
    effect = measure_effect(improvement("accuracy"), paired_of(table))

    assert effect.value == 0.0
    assert effect.standard_error == pytest.approx(1 / 200)
    assert effect.note is not None


def test_an_undefined_metric_has_no_effect_and_says_why(make_predictions: Predict) -> None:
    table = make_predictions(rows=50).assign(target=1)
    effect = measure_effect(improvement("roc_auc"), paired_of(table))

    assert effect.value is None
    assert effect.bounds(LEVEL, LEVEL) == (None, None)
    assert effect.note == "no row is negative"


def test_a_single_group_has_an_effect_but_no_interval(make_predictions: Predict) -> None:
    effect = measure_effect(
        improvement("brier"), paired_of(make_predictions(rows=50).assign(unit=7))
    )

    assert effect.value is not None
    assert effect.bounds(LEVEL, LEVEL) == (None, None)


def test_the_planned_size_has_the_planned_power(make_predictions: Predict) -> None:
    table = make_predictions(rows=400, challenger=1.0)
    effect = measure_effect(improvement("brier"), paired_of(table))
    distance = 0.01
    factor = effect.size_factor(LEVEL, distance)
    assert factor is not None
    assert effect.standard_error is not None
    error = effect.standard_error / math.sqrt(factor)
    power = stats.norm.sf(stats.norm.isf(LEVEL) - distance / error)

    assert power == pytest.approx(0.8, abs=0.01)
    assert effect.size_factor(LEVEL, 0.0) is None


@pytest.mark.parametrize("group_size", [1, 3])
def test_the_method_is_named_with_its_source_and_unit(
    group_size: int, make_predictions: Predict
) -> None:
    paired = paired_of(make_predictions(rows=90, group_size=group_size))

    assert "DeLong et al. 1988" in name_test(improvement("roc_auc"), paired)
    assert "paired t test" in name_test(improvement("log_loss"), paired)
    assert "delta method" in name_test(improvement("f1"), paired)
    assert ("by group" in name_test(improvement("f1"), paired)) is (group_size > 1)
