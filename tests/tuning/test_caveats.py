from __future__ import annotations

import re

import pytest

from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.tuning.caveats import search_warnings
from experiment_cycle.tuning.options import TuningOptions
from experiment_cycle.tuning.records import HonestScore

INSIDE = {
    "learning_rate": 0.05,
    "num_leaves": 20,
    "min_child_samples": 50,
    "colsample_bytree": 0.7,
    "reg_lambda": 1.0,
}


def honest(**changes):
    found = {"gain": 0.01, "noise": 0.004, "gain_error": 0.0024, "chosen_again": 0.5}
    known = {"corrected": 0.6, "standard_error": 0.005, "candidates": 30, "resamples": 500}
    return HonestScore.model_validate({**known, "units": 400, **found, **changes})


def warned(parameters=INSIDE, trial=3, judged=None, estimator="lightgbm"):
    training = TrainingOptions(estimator=estimator)
    space = TuningOptions().space(training)
    return search_warnings(space, parameters, trial, judged or honest(), "log_loss", training)


def test_a_best_trial_inside_the_space_that_gains_something_is_not_warned_of():
    assert warned() == ()


@pytest.mark.parametrize(
    ("name", "value", "step"),
    [
        ("learning_rate", 0.199, "raise high of tuning.spaces.lightgbm.learning_rate"),
        ("learning_rate", 0.0202, "lower low of tuning.spaces.lightgbm.learning_rate"),
        ("num_leaves", 64, "raise high of"),
        ("reg_lambda", 0.00101, "lower low of"),
        ("colsample_bytree", 0.405, "lower low of"),
    ],
)
def test_a_value_at_the_edge_is_warned_of_with_the_key_to_change(name, value, step):
    (warning,) = warned(INSIDE | {name: value})
    assert warning.startswith(f"{name} of the best trial")
    assert step in warning


@pytest.mark.parametrize(
    ("name", "value"), [("colsample_bytree", 1.0), ("num_leaves", 63), ("learning_rate", 0.17)]
)
def test_an_edge_beyond_which_there_is_nothing_is_none(name, value):
    assert warned(INSIDE | {name: value}) == ()


def test_dropout_of_zero_is_the_least_there_is():
    inside = {"learning_rate": 0.001, "weight_decay": 0.01, "dropout": 0.0}
    assert warned(inside, estimator="skorch") == ()


@pytest.mark.parametrize(
    ("judged", "message"),
    [
        (honest(gain=0.003), "not beaten the configuration .* improves log loss by 0.003"),
        (honest(gain=-0.001), "by -0.001"),
        (honest(gain=None, noise=None), "cannot be told"),
        (honest(corrected=None, note="Too few units."), "not corrected .* Too few units"),
    ],
)
def test_a_gain_within_noise_is_warned_of(judged, message):
    (warning,) = warned(judged=judged)
    assert re.search(message, warning)


def test_a_search_that_ends_where_it_began_says_so():
    (warning,) = warned(INSIDE | {"num_leaves": 64}, trial=0)
    assert "No trial was better than the configuration" in warning
