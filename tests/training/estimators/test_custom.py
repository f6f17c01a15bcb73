from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import log_loss

from experiment_cycle.errors import ConfigurationError, TrainingError
from experiment_cycle.training.estimators.custom import check_custom
from experiment_cycle.training.hyperparameters import CustomHyperparameters
from experiment_cycle.training.identity import model_identity

NAME = "custom"
OWN = '''
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

class Box:
    def __init__(self, value):
        self.value = value

class Nearest(ClassifierMixin, BaseEstimator):
    """Remembers the centre of each class."""
    def __init__(self, power=1.0, hold=None):
        self.power, self.hold = power, hold

    def fit(self, rows, target):
        self.classes_ = np.unique(target)
        self.centres_ = np.array([rows[target == code].mean(axis=0) for code in self.classes_])
        return self

    def predict_proba(self, rows):
        distance = ((rows[:, None] - self.centres_) ** 2).sum(axis=2) ** self.power
        shares = 1 / (1e-9 + distance)
        return shares / shares.sum(axis=1, keepdims=True)

    def predict(self, rows):
        return self.predict_proba(rows).argmax(axis=1)

class Boxed(Nearest):
    def fit(self, rows, target):
        self.box_ = Box(1)
        return super().fit(rows, target)

class Failing(Nearest):
    def fit(self, rows, target):
        raise ZeroDivisionError("nothing left")

class Reversed(Nearest):
    def fit(self, rows, target):
        super().fit(rows, target)
        self.classes_ = self.classes_[::-1]
        return self

class NoFit(BaseEstimator):
    def predict(self, rows):
        return rows[:, 0]

class NoEstimator:
    def fit(self, rows, target):
        return self
    def predict(self, rows):
        return rows[:, 0]

class Picky(Nearest):
    def __init__(self, power):
        raise ValueError("power is out of fashion")

print("imported")
'''
TRUSTED = ["own_models.Nearest"]


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    (tmp_path / "own_models.py").write_text(OWN)
    (tmp_path / "broken.py").write_text("raise OSError('no licence')")
    monkeypatch.syspath_prepend(tmp_path)
    import sys

    monkeypatch.delitem(sys.modules, "own_models", raising=False)


def options_of(path, **more):
    return CustomHyperparameters.model_validate({"path": path, **more})


def test_it_is_the_class_with_the_seed_the_threads_and_the_weights(make, fit):
    prepared = make("binary", gaps=False, weighted=True)
    model, history = fit(NAME, prepared, {"parameters": {"n_estimators": 9, "max_depth": 4}})
    oracle = ExtraTreesClassifier(9, max_depth=4, random_state=3).fit(
        prepared.train, prepared.train_target, sample_weight=prepared.train_weight
    )
    expected = oracle.predict_proba(prepared.validation)
    assert model.estimator.predict_proba(prepared.validation).tolist() == expected.tolist()
    assert model.estimator.random_state == 3
    loss = log_loss(prepared.validation_target, expected)
    assert history.validation["log_loss"][0] == pytest.approx(loss, rel=1e-12)
    assert history.best_step is None
    assert history.steps == 0


def test_threads_change_nothing(make, fit, options):
    prepared = make("regression", gaps=False)
    given = {"path": "sklearn.ensemble.ExtraTreesRegressor", "parameters": {"n_estimators": 20}}
    one, history = fit(NAME, prepared, given)
    two, history_of_two = fit(NAME, prepared, given, options(threads=2))
    assert history_of_two == history
    assert model_identity(two.estimator) == model_identity(one.estimator)


def test_what_the_user_gives_is_not_overwritten(make, fit):
    given = {"parameters": {"n_estimators": 5, "random_state": 11, "n_jobs": 1}}
    model, _ = fit(NAME, make("binary", gaps=False), given)
    assert model.estimator.random_state == 11


@pytest.mark.parametrize(
    ("kind", "path", "parameters"),
    [
        ("binary", "sklearn.linear_model.SGDClassifier", {"loss": "modified_huber"}),
        ("multiclass", "sklearn.naive_bayes.GaussianNB", {}),
        ("regression", "sklearn.linear_model.SGDRegressor", {"penalty": "l1"}),
        ("ranking", "sklearn.linear_model.SGDRegressor", {}),
    ],
)
def test_a_killed_fit_in_epochs_goes_on_to_the_same_model(
    kind, path, parameters, make, fit, fit_stopped_at, tmp_path
):
    prepared = make(kind, gaps=False)
    given = {"path": path, "parameters": parameters, "epochs": 5, "batch_size": 50}
    expected, history = fit(NAME, prepared, given)
    assert history.steps == 5
    model, resumed = fit_stopped_at([1, 4], tmp_path, 2, NAME, prepared, given)
    assert resumed == history
    assert model_identity(model.estimator) == model_identity(expected.estimator)


def test_sparse_inputs_reach_a_class_that_does_not_read_them(make, as_sparse, fit, stored):
    prepared = make("multiclass", gaps=False)
    given = {"path": "sklearn.naive_bayes.GaussianNB"}
    dense, history = fit(NAME, prepared, given)
    held, history_of_held = fit(NAME, as_sparse(prepared), given)
    assert history_of_held == history
    rows = as_sparse(prepared).validation
    expected = dense.estimator.predict_proba(prepared.validation)
    assert stored(held.estimator).predict_proba(rows).tolist() == expected.tolist()


def test_ones_own_class_learns_and_is_read_again(make, fit, stored):
    prepared = make("multiclass", gaps=False)
    given = {"path": "own_models.Nearest", "trusted_types": TRUSTED}
    model, history = fit(NAME, prepared, given)
    assert history.validation["log_loss"][0] < 1.09
    read = stored(model.estimator, tuple(TRUSTED))
    assert model_identity(read) == model_identity(model.estimator)


@pytest.mark.parametrize(
    ("path", "more", "message"),
    [
        ("own_models.Nothing", {}, "cannot be imported: AttributeError.*lies in src/"),
        ("no_such_package.Model", {}, "cannot be imported: ModuleNotFoundError"),
        ("Model", {}, "cannot be imported: ValueError"),
        ("broken.Model", {}, "cannot be imported: OSError: no licence"),
        ("own_models.np", {}, "is no class"),
        ("own_models.NoFit", {}, "lacks fit with"),
        ("own_models.NoEstimator", {}, "has no get_params"),
        ("own_models.Nearest", {"parameters": {"powr": 2}}, "'powr': Did you mean 'power'"),
        ("own_models.Picky", {"parameters": {"power": 2}}, "ValueError: power is out of fashion"),
        ("own_models.Nearest", {"epochs": 3}, "epochs is 3, but .* has no partial_fit"),
        ("own_models.Nearest", {}, r"does not trust: own_models\.Nearest\. .*trusted_types"),
        (
            "own_models.Nearest",
            {"parameters": {"hold": memoryview(b"")}},
            "cannot be stored with skops",
        ),
    ],
)
def test_what_is_wrong_with_a_class_is_told_before_data_are_read(path, more, message):
    with pytest.raises(ConfigurationError, match=message):
        check_custom(options_of(path, **more))


@pytest.mark.parametrize(
    ("path", "parameters", "task", "weighted", "message"),
    [
        ("sklearn.svm.LinearSVC", {}, "classification", False, "lacks predict_proba"),
        ("sklearn.linear_model.SGDClassifier", {}, "classification", False, "lacks predict_proba"),
        ("sklearn.naive_bayes.GaussianNB", {}, "ranking", False, "is a classifier, but the task"),
        ("sklearn.cross_decomposition.PLSRegression", {}, "regression", True, "no sample_weight"),
    ],
)
def test_the_task_and_the_weights_are_asked_for(path, parameters, task, weighted, message):
    chosen = options_of(path, parameters=parameters)
    check_custom(chosen)
    with pytest.raises(ConfigurationError, match=message):
        check_custom(chosen, task, weighted)


def test_a_type_that_only_a_fitted_model_holds_is_told_before_the_fit(make, fit):
    given = {"path": "own_models.Boxed", "trusted_types": ["own_models.Boxed"]}
    with pytest.raises(ConfigurationError, match=r"does not trust: own_models\.Box\."):
        fit(NAME, make("binary", gaps=False), given)


def test_weights_that_a_class_does_not_take_are_refused(make, fit):
    given = {"path": "own_models.Nearest", "trusted_types": TRUSTED}
    with pytest.raises(ConfigurationError, match="takes no sample_weight in fit"):
        fit(NAME, make("binary", gaps=False, weighted=True), given)


def test_an_error_of_the_users_class_is_told_as_one(make, fit):
    given = {"path": "own_models.Failing", "trusted_types": ["own_models.Failing"]}
    with pytest.raises(TrainingError, match="failed: ZeroDivisionError: nothing left"):
        fit(NAME, make("binary", gaps=False), given)


def test_classes_in_another_order_are_refused(make, fit):
    given = {"path": "own_models.Reversed", "trusted_types": ["own_models.Reversed"]}
    with pytest.raises(ConfigurationError, match=r"the classes \[1, 0\], where"):
        fit(NAME, make("binary", gaps=False), given)


def test_a_fit_that_did_not_converge_is_told(make, fit):
    given = {
        "path": "sklearn.linear_model.LogisticRegression",
        "parameters": {"max_iter": 1, "solver": "saga"},
    }
    model, _ = fit(NAME, make("binary", gaps=False), given)
    assert "max_iter" in model.warning
    assert np.isfinite(model.estimator.coef_).all()
