"""What fits no problem that the data can pose is refused, with all that is wrong at once."""

from __future__ import annotations

import pytest

from experiment_cycle.errors import ConfigurationError
from experiment_cycle.problem import PROBLEMS
from experiment_cycle.training.choices import check_choices
from experiment_cycle.training.options import TrainingOptions

CLASSIFICATION = PROBLEMS["classification"]


def check(options, problems):
    check_choices(TrainingOptions.model_validate(options), problems)


@pytest.mark.parametrize("problems", PROBLEMS.values(), ids=PROBLEMS)
def test_the_defaults_fit_every_task(problems):
    check({}, problems)


@pytest.mark.parametrize(
    ("options", "problems", "told"),
    [
        ({"calibration": "sigmoid"}, ("regression",), "no probabilities to calibrate"),
        ({"class_weight": "balanced"}, ("ranking",), "has no classes"),
        ({"threshold": {"choose_by": "costs"}}, ("multiclass",), "columns.positive"),
        ({"threshold": {"value": 0.4}}, ("regression",), "has no threshold"),
        ({"threshold": {"choose_by": "metric", "metric": "roc_auc"}}, CLASSIFICATION, "Known: acc"),
        (
            {"threshold": {"choose_by": "metric", "metric": "recal"}},
            CLASSIFICATION,
            "Did you mean 'recall'",
        ),
        (
            {
                "threshold": {
                    "choose_by": "costs",
                    "costs": {"false_positive": 0, "false_negative": 0},
                }
            },
            CLASSIFICATION,
            "every threshold is equally good",
        ),
        ({"learning_curve": {"shares": [0.5, 0.2]}}, CLASSIFICATION, "must rise"),
        ({"learning_curve": {"shares": [0.0, 0.2]}}, CLASSIFICATION, "from above 0"),
        ({"learning_curve": {"shares": [0.5, 1.2]}}, CLASSIFICATION, "at most 1"),
    ],
)
def test_what_makes_no_sense_is_refused(options, problems, told):
    with pytest.raises(ConfigurationError, match=told):
        check(options, problems)


def test_what_one_of_the_problems_has_a_use_for_is_allowed():
    check({"threshold": {"choose_by": "costs"}, "calibration": "isotonic"}, CLASSIFICATION)
