"""The corrected value against the truth, where the truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from experiment_cycle.metrics.catalogue import measure
from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.metrics.units import Units
from experiment_cycle.tuning.honest import correct_for_search
from experiment_cycle.tuning.predictions import TrialPredictions, ValidationRows, shortened


def rows_of(target, problem="binary", units=None, query=None):
    codes = np.arange(len(target)) if units is None else units
    return ValidationRows(problem, target, query, Units.from_codes(codes))


def classified(seed, trials, spread, n=150, repeated=1):
    """Trials that predict better or worse by chance and, if `spread`, in truth.

    Returns:
        Predictions, targets, and the ROC AUC each trial has on ever new rows.
    """
    draw = np.random.default_rng(seed)
    target = (draw.random(n) < 0.5).astype(np.int64)
    signal = 0.7 + spread * draw.normal(size=trials)
    scores = signal[:, None] * (2 * target - 1) + draw.normal(size=(trials, n))
    predictions = np.repeat(1 / (1 + np.exp(-scores)), repeated, axis=1)
    truth = np.asarray([0.5 * (1 + math.erf(each)) for each in signal])
    return TrialPredictions.of(dict(enumerate(predictions))), np.repeat(target, repeated), truth


def searched(found, rows, metric="roc_auc", sign=1, **options):
    values = [sign * measure(metric, rows.outcomes(prediction)) for prediction in found.predictions]
    best = int(np.argmax(values))
    return best, sign * values[best], correct_for_search(found, rows, metric, best, 7, **options)


@pytest.mark.parametrize("spread", [0.0, 0.1])
def test_the_corrected_value_is_far_less_biased_than_the_best_one(spread):
    picked, corrected, gains = [], [], []
    for seed in range(40):
        found, target, truth = classified(seed, trials=15, spread=spread, n=100)
        best, value, honest = searched(found, rows_of(target), replicates=40)
        picked.append(value - truth[best])
        corrected.append(honest.corrected - truth[best])
        gains.append(honest.gain - (truth[best] - truth[0]))
    assert np.mean(picked) > 0.03
    assert abs(np.mean(corrected)) < np.mean(picked) / 3
    assert np.sqrt(np.mean(np.square(corrected))) < np.sqrt(np.mean(np.square(picked)))
    assert abs(np.mean(gains)) < 0.03


def test_a_search_that_gains_nothing_seldom_passes_for_more_than_noise():
    told = []
    for seed in range(40):
        found, target, _ = classified(1000 + seed, trials=15, spread=0.0)
        _, _, honest = searched(found, rows_of(target), replicates=40)
        told.append(honest.gain > honest.noise)
    # 5 % of searches, and three standard errors above it
    assert np.mean(told) <= 0.15


def test_a_real_gain_is_told():
    target = np.tile([0, 1], 200)
    draw = np.random.default_rng(0)
    weak = 0.5 + 0.1 * draw.normal(size=400)
    strong = 0.5 + 0.2 * (target - 0.5) + 0.1 * draw.normal(size=400)
    found = TrialPredictions.of({0: weak.clip(0, 1), 3: strong.clip(0, 1)})
    honest = correct_for_search(found, rows_of(target), "log_loss", 3, 7, 100)
    assert honest.gain > honest.noise > 0
    assert honest.chosen_again == 1.0
    expected = [measure("log_loss", rows_of(target).outcomes(each)) for each in found.predictions]
    # the only rival is out of reach, so that nothing is to be corrected but the draws' chance
    assert honest.corrected == pytest.approx(expected[1], abs=2 * honest.standard_error / 20)
    assert honest.gain == pytest.approx(expected[0] - expected[1], abs=0.005)


def test_units_are_drawn_whole():
    """Every row ten times over: as independent rows their chance would seem small."""
    found, target, _ = classified(3, trials=10, spread=0.0, n=60, repeated=10)
    grouped = rows_of(target, units=np.repeat(np.arange(60), 10))
    _, value, honest = searched(found, grouped, replicates=200)
    _, _, alone = searched(found, rows_of(target), replicates=200)
    assert honest.units == 60
    assert honest.standard_error == pytest.approx(math.sqrt(10) * alone.standard_error, rel=0.05)
    assert value - honest.corrected > 1.5 * (value - alone.corrected)


@pytest.mark.parametrize("problem", ["multiclass", "regression", "ranking"])
def test_every_problem_is_corrected(problem):
    draw = np.random.default_rng(1)
    n, trials = 200, 8
    query, metric, sign = None, "rmse", -1
    target = draw.normal(size=n)
    predictions = target + draw.normal(size=(trials, n))
    units = None
    if problem == "multiclass":
        target, metric = draw.integers(0, 3, n), "log_loss"
        logits = draw.normal(size=(trials, n, 3)) + 2 * np.eye(3)[target]
        predictions = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    if problem == "ranking":
        target, query, metric, sign = draw.integers(0, 3, n), np.arange(n) // 5, "ndcg_at_10", 1
        units = query
    found = TrialPredictions.of(dict(enumerate(predictions)))
    rows = rows_of(target, problem, units, query)
    _, value, honest = searched(found, rows, metric, sign, replicates=60)
    assert sign * (value - honest.corrected) > 0
    assert honest == searched(found, rows, metric, sign, replicates=60)[2]
    assert 0 < honest.chosen_again <= 1


def test_few_units_tell_nothing_and_it_is_said():
    found, target, _ = classified(0, trials=5, spread=0.0, n=19)
    _, _, honest = searched(found, rows_of(target))
    assert honest.corrected is None
    assert "worth 19.0 independent units" in honest.note


def test_a_metric_that_resamples_leave_undefined_is_not_corrected():
    target = np.zeros(100, np.int64)
    target[0] = 1
    draw = np.random.default_rng(0)
    found = TrialPredictions.of(dict(enumerate(draw.random((3, 100)))))
    honest = correct_for_search(found, rows_of(target), "roc_auc", 0, 7, 50)
    assert honest.corrected is None
    assert "not defined on most resamples" in honest.note


def test_without_the_first_trial_there_is_no_gain():
    found, target, _ = classified(0, trials=5, spread=0.0)
    kept = TrialPredictions(found.numbers[1:], found.predictions[1:])
    honest = correct_for_search(kept, rows_of(target), "roc_auc", 2, 7, 50)
    assert honest.corrected is not None
    assert (honest.gain, honest.noise) == (None, None)


def test_rounding_makes_no_probability_one():
    sure = np.asarray([1.0, 1.0 - 1e-12, 0.0, 1e-12, 0.25])
    rounded = shortened(sure)
    assert rounded.dtype == np.float32
    assert (rounded == 1).tolist() == [True, False, False, False, False]
    assert (rounded == 0).tolist() == [False, False, True, False, False]
    outcomes = Outcomes("binary", np.asarray([0]), rounded[1:2].astype(np.float64))
    assert measure("log_loss", outcomes) < 20
