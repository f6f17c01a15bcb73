from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from experiment_cycle.errors import ConfigurationError
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.tuning.options import SearchSpace, TuningOptions, check_tuning

YAML = Path(__file__).parents[2] / "conf" / "base" / "parameters_tuning.yml"


def check(spaces, **changes):
    training = TrainingOptions(estimator=changes.pop("estimator", "lightgbm"))
    check_tuning(TuningOptions.model_validate({"spaces": spaces, **changes}), training)


def test_defaults_of_tuning_are_those_of_the_parameter_file_and_hold():
    options = TuningOptions(**yaml.safe_load(YAML.read_text())["tuning"])
    assert options == TuningOptions()
    check_tuning(options, TrainingOptions())


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"type": "float", "low": 1.0, "high": 1.0}, "must be less than high"),
        ({"type": "int", "low": 9, "high": 3}, "must be less than high"),
        ({"type": "float", "low": 0.0, "high": 1.0, "log": True}, "needs low above 0"),
        ({"type": "float", "low": 0.1}, "needs both low and high"),
        ({"type": "int", "low": 1.5, "high": 3}, "whole numbers"),
        ({"type": "float", "low": 0, "high": 1, "choices": [1]}, "choices are for categorical"),
        ({"type": "categorical"}, "needs choices"),
        ({"type": "categorical", "choices": []}, "needs choices"),
        ({"type": "categorical", "choices": [1, 1]}, "stands twice"),
        ({"type": "categorical", "choices": [1], "log": True}, "are for numbers"),
        ({"type": "categorical", "choices": [1], "low": 0}, "are for numbers"),
        ({"type": "uniform", "low": 0, "high": 1}, "'int', 'float' or 'categorical'"),
        ({"type": "float", "low": 0, "high": 1, "step": 1}, "Extra inputs"),
    ],
)
def test_a_space_that_does_not_hold_together_is_refused(space, message):
    with pytest.raises(ValidationError, match=message):
        SearchSpace.model_validate(space)


@pytest.mark.parametrize(
    "wrong", [{"trials": 0}, {"method": "grid"}, {"spaces": {"forest": {}}}, {"metrics": "f1"}]
)
def test_a_wrong_tuning_option_is_refused(wrong):
    with pytest.raises(ValidationError):
        TuningOptions.model_validate(wrong)


@pytest.mark.parametrize(
    ("name", "space", "message"),
    [
        ("num_leafs", {"type": "int", "low": 2, "high": 9}, "Did you mean 'num_leaves'"),
        ("num_leaves", {"type": "float", "low": 2.0, "high": 9.0}, "use type int"),
        ("num_leaves", {"type": "int", "low": 1, "high": 9}, "1 is not allowed"),
        ("subsample", {"type": "float", "low": 0.5, "high": 1.5}, "1.5 is not allowed"),
        ("num_leaves", {"type": "categorical", "choices": [4, "many"]}, "'many' is not allowed"),
    ],
)
def test_a_space_that_its_estimator_cannot_take_is_refused_with_its_key(name, space, message):
    with pytest.raises(ConfigurationError, match=message) as caught:
        check({"lightgbm": {name: space}})
    assert f"tuning.spaces.lightgbm.{name}" in caught.value.message


def test_every_wrong_space_is_named_at_once():
    wrong = {"type": "int", "low": 2, "high": 9}
    with pytest.raises(ConfigurationError) as caught:
        check({"lightgbm": {"leaves": wrong}, "linear": {"alpha": wrong}})
    assert "lightgbm.leaves" in caught.value.message
    assert "linear.alpha" in caught.value.message


def test_an_empty_space_is_refused_where_it_would_be_searched():
    with pytest.raises(ConfigurationError, match=r"tuning\.spaces\.linear is empty"):
        check({"linear": {}}, estimator="linear")
    check({"linear": {}}, estimator="linear", method="none")
    check({"linear": {}}, estimator="lightgbm")


def test_a_whole_number_that_may_be_null_is_still_whole():
    depth = {"type": "float", "low": 2.0, "high": 9.0}
    with pytest.raises(ConfigurationError, match=r"random_forest\.max_depth.*use type int"):
        check({"random_forest": {"max_depth": depth}})


@pytest.mark.parametrize(
    ("estimator", "remedy"),
    [("dummy", "search; set tuning.method to none"), ("custom", "name at least one")],
)
def test_an_estimator_that_has_nothing_to_search_is_refused_unless_nothing_is(estimator, remedy):
    with pytest.raises(ConfigurationError, match=remedy):
        check({}, estimator=estimator)
    check({}, estimator=estimator, method="none")


def test_every_estimator_has_a_space():
    known = TrainingOptions().estimators.__class__.model_fields
    assert list(TuningOptions().spaces.__class__.model_fields) == list(known)


@pytest.mark.parametrize(
    ("task", "metric"),
    [("classification", "log_loss"), ("regression", "rmse"), ("ranking", "ndcg_at_10")],
)
def test_null_is_the_loss_of_the_task(task, metric):
    assert TuningOptions().metric_of(task) == metric
    assert TuningOptions(metric="f1").metric_of(task) == "f1"
