from __future__ import annotations

import logging
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from experiment_cycle.errors import BackendError, ConfigurationError, DataError, TrainingError
from experiment_cycle.training.estimators import lightgbm as lightgbm_recipe
from experiment_cycle.training.estimators import linear as linear_recipe
from experiment_cycle.training.identity import state_hash
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.trainer import check_hyperparameters, fit, prepare, train_model

TASK = "classification"
ESTIMATORS = ["lightgbm", "linear", "sgd", "mlp", "random_forest", "hist_gradient_boosting"]


def options(**changes):
    estimators = {
        "lightgbm": {"n_estimators": 60, "learning_rate": 0.1},
        "sgd": {"epochs": 5},
        "mlp": {"epochs": 8, "batch_size": 16},
        "random_forest": {"n_estimators": 20},
        "hist_gradient_boosting": {"n_estimators": 30, "learning_rate": 0.1},
    }
    stop = {"patience": 10, **changes.pop("early_stopping", {})}
    return TrainingOptions.model_validate(
        {"estimators": estimators, "early_stopping": stop, **changes}
    )


def train(estimator, parts, columns, chosen, seed=42, **hyperparameters):
    return train_model(
        *(estimator, hyperparameters, parts["train"], parts["validation"], columns, chosen),
        *(TASK, seed),
    )


@pytest.fixture
def split(mixed):
    return {"train": mixed[:400], "validation": mixed[400:]}


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_pipeline_takes_raw_rows_with_gaps_unknown_levels_and_more_columns(
    estimator, split, mixed_columns
):
    model = train(estimator, split, mixed_columns, options()).model
    assert list(model.named_steps) == ["preprocess", "estimator"]
    assert model.classes_.tolist() == [0, 1]
    rows = split["validation"].assign(extra="never seen")
    rows = rows[list(reversed(rows.columns))]
    rows["colour"] = "purple"
    probability = model.predict_proba(rows)
    assert probability.shape == (200, 2)
    assert np.isfinite(probability).all()
    # it learned something: the positive class is the one named by columns.positive
    known = model.predict_proba(split["validation"])[:, 1]
    assert roc_auc_score(split["validation"]["outcome"] == "yes", known) > 0.75


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_nothing_is_fitted_on_validation_rows(estimator, split, mixed_columns):
    chosen = options(early_stopping={"patience": 1000})
    rows = split["validation"].copy()
    rows["number"] = 1e6
    rows["colour"] = "purple"
    rows["size"] = rows["size"].cat.set_categories(["huge"]).fillna("huge")
    one = train(estimator, split, mixed_columns, chosen)
    two = train(estimator, {**split, "validation": rows}, mixed_columns, chosen)
    assert one.history.validation != two.history.validation
    assert one.history.train == two.history.train
    assert state_hash(one.model["preprocess"]) == state_hash(two.model["preprocess"])


@pytest.mark.parametrize("sampling", [{}, {"colsample_bytree": 0.5, "subsample": 0.5}])
def test_a_constant_table_still_trains(sampling, mixed_columns):
    rows = pd.DataFrame({"id": range(80), "x": 1.0, "outcome": ["yes", "no"] * 40})
    parts = {"train": rows[:40], "validation": rows[40:]}
    model = train("lightgbm", parts, mixed_columns, options(), **sampling).model
    np.testing.assert_allclose(model.predict_proba(rows)[:, 1], 0.5)


@pytest.mark.parametrize(
    ("hyperparameters", "message"),
    [
        ({"num_leafs": 3}, "Did you mean 'num_leaves'.*Known: colsample_bytree, learning_rate"),
        # as another estimator's search left it
        ({"C": 3.0}, "'lightgbm' has no hyperparameter 'C'.*Known: .*tune again"),
        ({"num_leaves": 1}, "num_leaves: Input should be greater than or equal to 2, given 1"),
    ],
)
def test_a_wrong_hyperparameter_is_refused(hyperparameters, message, visits, visits_columns):
    with pytest.raises(ConfigurationError, match=message):
        train("lightgbm", visits, visits_columns, options(), **hyperparameters)


def test_one_class_only_is_refused(split, mixed_columns):
    rows = split["validation"].assign(outcome="no")
    with pytest.raises(DataError, match="one class only in validation"):
        train("linear", {**split, "validation": rows}, mixed_columns, options())


def test_prepared_matrices_serve_many_fits(visits, visits_columns):
    chosen = options()
    prepared = prepare(
        *("lightgbm", visits["train"], visits["validation"], visits_columns, chosen, TASK)
    )
    for leaves in (4, 12):
        hyperparameters = check_hyperparameters("lightgbm", {"num_leaves": leaves}, chosen)
        again, history = fit("lightgbm", prepared, hyperparameters, chosen, 42, watch_train=False)
        assert history.train == {}
        whole = train("lightgbm", visits, visits_columns, chosen, num_leaves=leaves)
        assert history.validation == whole.history.validation
        np.testing.assert_array_equal(
            again.estimator.predict_proba(prepared.validation),
            whole.model.predict_proba(visits["validation"]),
        )


def test_resources_count_the_rows(visits, visits_columns):
    resources = train("linear", visits, visits_columns, options()).resources
    assert resources.train_rows == len(visits["train"])
    assert resources.validation_rows == len(visits["validation"])
    assert resources.wall_seconds > 0


def test_a_warning_of_the_fit_is_logged_once_and_handed_on(visits, visits_columns, caplog, recwarn):
    with caplog.at_level(logging.WARNING, logger="experiment_cycle.training.trainer"):
        trained = train("linear", visits, visits_columns, options(), max_iter=1)
    assert [record.getMessage() for record in caplog.records] == [f"linear: {trained.warning}"]
    assert trained.warning == trained.history.stopped_because
    assert not recwarn.list


def test_an_estimator_that_does_not_solve_the_problem_is_refused(
    visits, visits_columns, monkeypatch
):
    monkeypatch.setattr(linear_recipe, "PROBLEMS", frozenset({"regression"}))
    with pytest.raises(ConfigurationError, match=r"'linear' does not solve binary.*: regression"):
        train("linear", visits, visits_columns, options())


@pytest.mark.parametrize(
    "error", [MemoryError("no room"), RuntimeError("std::bad_alloc"), RuntimeError("out of memory")]
)
def test_a_lack_of_memory_says_how_much_is_needed(error, visits, visits_columns, monkeypatch):
    def greedy(request):
        raise error

    monkeypatch.setattr(lightgbm_recipe, "fit", greedy)
    rows = len(visits["train"])
    with pytest.raises(TrainingError, match=rf"{rows} x \d+ inputs, \d+ bytes") as caught:
        train("lightgbm", visits, visits_columns, options())
    assert str(error) in caught.value.message
    assert "Next step" in caught.value.message


def test_a_model_greater_than_any_memory_is_refused(visits, visits_columns):
    with pytest.raises(TrainingError, match=r"too little memory .*Unable to allocate .*inputs"):
        train("mlp", visits, visits_columns, options(), hidden_layers=[10**16])


def test_another_error_of_a_fit_stays_what_it_is(visits, visits_columns, monkeypatch):
    def failing(request):
        raise RuntimeError("something else")

    monkeypatch.setattr(lightgbm_recipe, "fit", failing)
    with pytest.raises(RuntimeError, match="something else"):
        train("lightgbm", visits, visits_columns, options())


class Unloadable:
    """Makes the import of one module fail."""

    def __init__(self, name, error):
        self.name, self.error = name, error

    def find_spec(self, name, path=None, target=None):
        if name == self.name:
            raise self.error


@pytest.mark.parametrize(
    ("estimator", "error", "message"),
    [
        ("lightgbm", OSError("libgomp.so.1: cannot open shared object file"), "install libgomp1"),
        (
            "xgboost",
            ModuleNotFoundError("No module named 'xgboost'", name="xgboost"),
            r'pip install "experiment-cycle\[xgboost\]"',
        ),
        (
            "skorch",
            ModuleNotFoundError("No module named 'torch'", name="torch.nn"),
            r'pip install "experiment-cycle\[torch\]"',
        ),
    ],
)
def test_a_library_that_is_not_there_is_named_with_its_remedy(
    estimator, error, message, monkeypatch, visits, visits_columns
):
    name = f"experiment_cycle.training.estimators.{estimator}"
    monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(sys, "meta_path", [Unloadable(name, error), *sys.meta_path])
    with pytest.raises(BackendError, match=message):
        train(estimator, visits, visits_columns, options())
