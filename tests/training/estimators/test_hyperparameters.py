from __future__ import annotations

import pytest
from pydantic import ValidationError

from experiment_cycle.training.hyperparameters import EstimatorOptions


@pytest.mark.parametrize(
    ("estimator", "given", "message"),
    [
        ("skorch", {"hidden_layers": [16, 0]}, "greater than or equal to 1"),
        ("mlp", {"hidden_layers": []}, "at least 1 item"),
        ("skorch", {"learning_rate": 10.0}, "less than or equal to 1"),
        ("skorch", {"dropout": 1.0}, "less than 1"),
        ("skorch", {"module_parameters": {"width": 3}}, "module names none"),
        ("skorch", {"module": "a.B", "module_parameters": {"inputs": 3}}, "the data decide"),
        ("xgboost", {"max_depth": 65}, "less than or equal to 64"),
        ("xgboost", {"subsample": 0.0}, "greater than 0"),
        ("hist_gradient_boosting", {"max_leaf_nodes": 1}, "greater than or equal to 2"),
        ("random_forest", {"max_features": 1.5}, "less than or equal to 1"),
        ("custom", {"epochs": 0}, "greater than or equal to 1"),
        ("dummy", {"strategy": "prior"}, "Extra inputs are not permitted"),
    ],
)
def test_what_is_out_of_range_is_refused(estimator, given, message):
    with pytest.raises(ValidationError, match=message):
        EstimatorOptions.model_validate({estimator: given})


def test_leaves_of_a_forest_are_greater_where_their_shares_are_probabilities(make, fit):
    few = {"n_estimators": 2}
    classes, _ = fit("random_forest", make("binary"), few)
    numbers, _ = fit("random_forest", make("regression"), few)
    chosen, _ = fit("random_forest", make("binary"), few | {"min_samples_leaf": 2})
    leaves = [model.estimator.min_samples_leaf for model in (classes, numbers, chosen)]
    assert leaves == [5, 1, 2]
