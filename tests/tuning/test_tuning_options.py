from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from experiment_cycle.errors import ConfigurationError
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.tuning.checking import check_tuning
from experiment_cycle.tuning.options import TuningOptions
from experiment_cycle.tuning.spaces import SearchSpace

YAML = Path(__file__).parents[2] / "conf" / "base" / "parameters_tuning.yml"


INT = {"type": "int", "low": 2, "high": 9}
SHARE = {"type": "float", "low": 0.1, "high": 0.9}
PENALTY = {"type": "categorical", "choices": ["l2", "elasticnet"]}


def check(spaces, **changes):
    estimators = changes.pop("estimators", {})
    training = TrainingOptions.model_validate(
        {"estimator": changes.pop("estimator", "lightgbm"), "estimators": estimators}
    )
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
        ({"type": "float", "low": 0, "high": 1, "width": 1}, "Extra inputs"),
        ({"type": "float", "low": 0, "high": 1, "step": 0}, "step must be above 0"),
        ({"type": "float", "low": 0, "high": 1, "step": 0.3}, "do not lead from low"),
        ({"type": "float", "low": 0, "high": 1, "step": 2}, "do not lead from low"),
        ({"type": "float", "low": 1, "high": 9, "step": 1, "log": True}, "no meaning with log"),
        ({"type": "float", "low": 1, "high": 9, "step": 1, "num": 3}, "give one of them"),
        ({"type": "int", "low": 1, "high": 4, "step": 1.5}, "whole number for step"),
        ({"type": "float", "low": 0, "high": float("inf")}, "must be finite"),
        ({"type": "float", "low": float("nan"), "high": 1}, "must be finite"),
        ({"type": "float", "low": 0, "high": 1, "num": 1}, "greater than or equal to 2"),
        ({"type": "categorical", "choices": [1], "num": 3}, "are for numbers"),
        ({"type": "categorical", "choices": [1], "when": {"other": []}}, "never holds"),
    ],
)
def test_a_space_that_does_not_hold_together_is_refused(space, message):
    with pytest.raises(ValidationError, match=message):
        SearchSpace.model_validate(space)


@pytest.mark.parametrize(
    "wrong",
    [
        {"trials": 0},
        {"method": "annealing"},
        {"spaces": {"forest": {}}},
        {"metrics": "f1"},
        {"seconds": 0},
        {"workers": 0},
        {"batch": 0},
        {"hyperband": {"reduction_factor": 1}},
        {"hyperband": {"min_resource": 0}},
    ],
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
    with pytest.raises(ConfigurationError, match=r"tuning\.spaces\.linear: it is empty"):
        check({"linear": {}}, estimator="linear")
    check({"linear": {}}, estimator="linear", method="none")
    check({"linear": {}}, estimator="lightgbm")


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ({"penal": ["l2"]}, "'penal' is not searched.*Did you mean 'penalty'"),
        ({"penalty": ["l3"]}, "penalty is never 'l3'"),
        ({"alpha": [0.1]}, "alpha is of type float"),
        ({"l1_ratio": [0.1]}, "l1_ratio would depend on itself"),
        ({"batch_size": [10]}, "batch_size is never 10"),
        ({"batch_size": [True]}, "batch_size is never True"),
    ],
)
def test_a_condition_that_can_never_hold_is_refused(when, message):
    alpha = {"type": "float", "low": 0.1, "high": 0.2}
    space = {"penalty": PENALTY, "alpha": alpha, "batch_size": INT, "l1_ratio": SHARE}
    with pytest.raises(ConfigurationError, match=message) as caught:
        check({"sgd": space | {"l1_ratio": SHARE | {"when": when}}}, estimator="sgd")
    assert "tuning.spaces.sgd.l1_ratio.when" in caught.value.message
    check({"sgd": space | {"l1_ratio": SHARE | {"when": {"penalty": ["elasticnet"]}}}})


def test_conditions_in_a_circle_are_refused():
    circle = {
        "num_leaves": INT | {"when": {"min_child_samples": [3]}},
        "min_child_samples": INT | {"when": {"num_leaves": [2]}},
    }
    with pytest.raises(ConfigurationError, match="num_leaves would depend on itself"):
        check({"lightgbm": circle})


def test_a_grid_larger_than_the_budget_is_refused_with_its_size():
    space = {"num_leaves": INT | {"num": 4}, "subsample": {**SHARE, "step": 0.1}}
    with pytest.raises(ConfigurationError, match="has 36 points, and the configuration") as caught:
        check({"lightgbm": space}, method="grid", trials=36)
    assert "set tuning.trials to 37" in caught.value.message
    check({"lightgbm": space}, method="grid", trials=37)
    check({"lightgbm": space}, method="random", trials=1)


def test_a_grid_on_which_the_configuration_lies_needs_no_trial_more():
    leaves = {"type": "categorical", "choices": [4, 31]}
    check({"lightgbm": {"num_leaves": leaves}}, method="grid", trials=2)
    with pytest.raises(ConfigurationError, match=r"has 2 points, but tuning\.trials is 1"):
        check({"lightgbm": {"num_leaves": leaves}}, method="grid", trials=1)


@pytest.mark.parametrize("estimator", ["linear", "sgd", "mlp", "random_forest", "lightgbm"])
@pytest.mark.parametrize("trials", [3, 10, 30, 400])
def test_a_derived_grid_fits_the_budget(estimator, trials):
    check({}, estimator=estimator, method="grid", trials=trials)


def test_hyperband_does_not_search_what_it_shares_out():
    rounds = {"n_estimators": {"type": "int", "low": 10, "high": 100}}
    with pytest.raises(ConfigurationError, match="gives promising trials more n_estimators itself"):
        check({"lightgbm": rounds}, method="hyperband")
    check({"random_forest": rounds}, method="hyperband", estimator="random_forest")
    check({"lightgbm": rounds}, method="random")


@pytest.mark.parametrize(
    ("name", "space", "message"),
    [
        ("parameters.max_dept", INT, "does not take 'max_dept'. Did you mean 'max_depth'"),
        ("parameters.max_depth", INT | {"low": 0}, r"0 is not allowed \(The 'max_depth'"),
        ("max_depth", INT, r"What the class takes is written parameters\.<name>"),
        ("parameters.criterion", PENALTY, "'l2' is not allowed"),
    ],
)
def test_the_parameters_of_a_class_of_ones_own_are_checked(name, space, message):
    with pytest.raises(ConfigurationError, match=message):
        check({"custom": {name: space}}, estimator="custom")


def test_the_parameters_of_a_class_of_ones_own_can_be_searched():
    space = {"parameters.max_depth": INT, "parameters.criterion": PENALTY | {"choices": ["gini"]}}
    check({"custom": space}, estimator="custom")


def test_lists_and_null_may_be_chosen():
    layers = {"type": "categorical", "choices": [[64, 32], [128]]}
    depth = {"type": "categorical", "choices": [None, 4]}
    check({"mlp": {"hidden_layers": layers}, "random_forest": {"max_depth": depth}})
    with pytest.raises(ConfigurationError, match=r"\[0\] is not allowed"):
        check({"mlp": {"hidden_layers": layers | {"choices": [[0]]}}})


def test_a_whole_number_that_may_be_null_is_still_whole():
    depth = {"type": "float", "low": 2.0, "high": 9.0}
    with pytest.raises(ConfigurationError, match=r"random_forest\.max_depth.*use type int"):
        check({"random_forest": {"max_depth": depth}})


@pytest.mark.parametrize(
    ("estimator", "remedy"),
    [("dummy", "null, .* search; set tuning.method to none"), ("custom", "name at least one")],
)
def test_an_estimator_that_has_nothing_to_search_is_refused_unless_nothing_is(estimator, remedy):
    with pytest.raises(ConfigurationError, match=remedy):
        check({}, estimator=estimator)
    check({}, estimator=estimator, method="none")


def test_every_estimator_has_a_key_among_the_spaces():
    known = TrainingOptions().estimators.__class__.model_fields
    assert list(TuningOptions().spaces.__class__.model_fields) == list(known)


def test_a_derived_space_reaches_to_what_is_configured():
    training = TrainingOptions.model_validate(
        {"estimators": {"lightgbm": {"num_leaves": 200, "reg_lambda": 0.0, "learning_rate": 0.5}}}
    )
    space = TuningOptions().space(training)
    assert (space["num_leaves"].low, space["num_leaves"].high) == (4, 200)
    assert space["learning_rate"].high == 0.5
    assert space["reg_lambda"].low == 0.001
    assert TuningOptions().is_derived("lightgbm")


def test_a_given_space_is_taken_as_it_is():
    options = TuningOptions.model_validate({"spaces": {"lightgbm": {"num_leaves": INT}}})
    assert list(options.space(TrainingOptions())) == ["num_leaves"]
    assert not options.is_derived("lightgbm")


@pytest.mark.parametrize(
    ("task", "metric"),
    [("classification", "log_loss"), ("regression", "rmse"), ("ranking", "ndcg_at_10")],
)
def test_null_is_the_loss_of_the_task(task, metric):
    assert TuningOptions().metric_of(task) == metric
    assert TuningOptions(metric="f1").metric_of(task) == "f1"
