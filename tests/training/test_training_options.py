from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from experiment_cycle.training.options import TrainingOptions

YAML = Path(__file__).parents[2] / "conf" / "base" / "parameters_training.yml"


def test_defaults_of_training_are_those_of_the_parameter_file():
    assert TrainingOptions(**yaml.safe_load(YAML.read_text())["training"]) == TrainingOptions()


def test_hyperparameters_are_read_of_the_estimator_asked_for():
    options = TrainingOptions.model_validate({"estimators": {"linear": {"C": 0.5}}})
    assert options.hyperparameters("linear") == {"C": 0.5, "max_iter": 1000}
    assert options.hyperparameters("lightgbm")["num_leaves"] == 31


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"estimator": "forest"}, ("estimator",)),
        ({"threads": 0}, ("threads",)),
        ({"early_stopping": {"patience": 0}}, ("early_stopping", "patience")),
        ({"early_stopping": {"min_delta": -0.1}}, ("early_stopping", "min_delta")),
        ({"estimators": {"lightgbm": {"nleaves": 3}}}, ("estimators", "lightgbm", "nleaves")),
        ({"estimators": {"lightgbm": {"subsample": 0}}}, ("estimators", "lightgbm", "subsample")),
        ({"estimators": {"forest": {}}}, ("estimators", "forest")),
    ],
)
def test_a_wrong_training_option_is_refused_at_its_place(wrong, where):
    with pytest.raises(ValidationError) as caught:
        TrainingOptions.model_validate(wrong)
    assert caught.value.errors()[0]["loc"] == where
