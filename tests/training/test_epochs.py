"""Learners with `partial_fit`: sgd and mlp."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import SGDClassifier, SGDRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier, MLPRegressor

from experiment_cycle.errors import ConfigurationError, IntegrityError, TrainingError
from experiment_cycle.problem import Problem
from experiment_cycle.training.checkpoints import CheckpointFolder
from experiment_cycle.training.epochs import EpochLearner, fit_in_epochs
from experiment_cycle.training.estimators.contract import FitRequest
from experiment_cycle.training.options import EarlyStopping, TrainingOptions
from experiment_cycle.training.predicting import outputs_of
from experiment_cycle.training.prepared import Prepared
from experiment_cycle.training.steps import StepWatch
from experiment_cycle.training.trainer import check_hyperparameters, fit

PROBLEMS = {
    "binary": Problem(type="binary", classes=(0, 1)),
    "multiclass": Problem(type="multiclass", classes=("a", "b", "c")),
    "regression": Problem(type="regression"),
    "ranking": Problem(type="ranking"),
}
SGD = {"epochs": 6, "batch_size": 70, "eta0": 0.02}
MLP = {"epochs": 4, "batch_size": 32, "hidden_layers": (5, 3)}


def matrices(kind, weighted=False, scale=1.0):
    """A hard and an easy input, 300 training and 100 validation rows, already scaled."""
    draw = np.random.default_rng(1)
    inputs = draw.normal(size=(400, 3)) * scale
    score = inputs[:, 0] / scale - inputs[:, 1] / scale + draw.normal(size=400)
    target = {
        "binary": (score > 0).astype(np.int64),
        "multiclass": np.digitize(score, [-1, 1]).astype(np.int64),
        "regression": 1000 + 50 * score,
        "ranking": np.digitize(score, [0, 1]).astype(np.float64),
    }[kind]
    query = np.sort(draw.integers(0, 40, 400)) if kind == "ranking" else None
    return Prepared(
        problem=PROBLEMS[kind],
        features=None,
        preprocess=None,
        categorical=(),
        train=inputs[:300],
        train_target=target[:300],
        validation=inputs[300:],
        validation_target=target[300:],
        train_weight=draw.random(300) * 7 if weighted else None,
        train_query=None if query is None else query[:300],
        validation_query=None if query is None else query[300:],
    )


def learn(estimator, data, hyperparameters, seed=3, **changes):
    chosen = TrainingOptions.model_validate({"early_stopping": {"patience": 1000}, **changes})
    checked = check_hyperparameters(estimator, hyperparameters, chosen)
    fitted, history = fit(estimator, data, checked, chosen, seed)
    return fitted.estimator, history


def bare_loop(model, data, size, epochs, seed=3):
    """What anybody would write: shuffled mini-batches, one call of partial_fit each."""
    target, classes = data.train_target, {}
    if data.problem.classes:
        classes = {"classes": range(len(data.problem.classes))}
    else:
        target = (target - target.mean()) / target.std()
    weight = None if data.train_weight is None else data.train_weight / data.train_weight.mean()
    for epoch in range(1, epochs + 1):
        order = np.random.default_rng([seed, epoch]).permutation(300)
        for start in range(0, 300, size):
            rows = order[start : start + size]
            if hasattr(model, "batch_size"):
                model.batch_size = len(rows)
            share = None if weight is None else weight[rows]
            model.partial_fit(data.train[rows], target[rows], sample_weight=share, **classes)
    return model


def predictions(model, data):
    predicted = outputs_of(model, data.validation, data.problem.type)
    if data.problem.classes:
        return predicted
    return predicted * data.train_target.std() + data.train_target.mean()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", PROBLEMS)
def test_sgd_is_a_loop_of_partial_fit_over_shuffled_batches(kind, weighted):
    data = matrices(kind, weighted)
    model, history = learn("sgd", data, SGD)
    made = SGDClassifier(loss="log_loss") if data.problem.classes else SGDRegressor()
    made.set_params(learning_rate="invscaling", eta0=0.02, power_t=0.25, shuffle=False)
    expected = predictions(bare_loop(made, data, 70, history.best_step), data)
    np.testing.assert_allclose(
        outputs_of(model, data.validation, kind), expected, rtol=1e-9, atol=1e-12
    )
    assert history.unit == "epoch"
    assert history.steps == 6


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", PROBLEMS)
def test_mlp_is_a_loop_of_partial_fit_over_shuffled_batches(kind, weighted):
    data = matrices(kind, weighted)
    model, history = learn("mlp", data, MLP)
    made = MLPClassifier() if data.problem.classes else MLPRegressor()
    made.set_params(hidden_layer_sizes=(5, 3), random_state=3, shuffle=False)
    expected = predictions(bare_loop(made, data, 32, history.best_step), data)
    np.testing.assert_allclose(
        outputs_of(model, data.validation, kind), expected, rtol=1e-6, atol=1e-9
    )


@pytest.mark.parametrize(("estimator", "given"), [("sgd", SGD), ("mlp", MLP)])
@pytest.mark.parametrize("kind", PROBLEMS)
def test_the_model_is_that_of_its_best_epoch(estimator, given, kind):
    data = matrices(kind)
    model, history = learn(estimator, data, given | {"epochs": 8}, early_stopping={"patience": 2})
    curve = history.validation[history.loss]
    best = max(curve) if kind == "ranking" else min(curve)
    assert curve[history.best_step - 1] == best
    for part in ("train", "validation"):
        watch = StepWatch(data, (), EarlyStopping(), 1)
        matrix = data.train if part == "train" else data.validation
        found = watch.measure(part, outputs_of(model, matrix, kind))[history.loss]
        assert found == pytest.approx(getattr(history, part)[history.loss][history.best_step - 1])


@pytest.mark.parametrize(("estimator", "given"), [("sgd", SGD), ("mlp", MLP)])
def test_sparse_rows_are_learned_alike(estimator, given):
    data = matrices("binary")
    thin = replace(
        data, train=sparse.csr_array(data.train), validation=sparse.csr_array(data.validation)
    )
    dense, _ = learn(estimator, data, given)
    found, _ = learn(estimator, thin, given)
    np.testing.assert_allclose(
        found.predict_proba(data.validation), dense.predict_proba(data.validation), atol=0.02
    )


def test_every_class_keeps_its_code_where_a_batch_lacks_some():
    data = matrices("multiclass")
    few = replace(data, train=data.train[:60], train_target=data.train_target[:60])
    model, _ = learn("sgd", few, {"epochs": 1, "batch_size": 1})
    assert model.classes_.tolist() == [0, 1, 2]
    assert model.predict_proba(data.validation).shape == (100, 3)


@pytest.mark.parametrize(("estimator", "given"), [("sgd", SGD), ("mlp", MLP)])
def test_the_size_of_weights_means_nothing_and_their_differences_do(estimator, given):
    data = matrices("binary", weighted=True)
    larger = replace(data, train_weight=data.train_weight * 1024)
    even = replace(data, train_weight=None)
    curves = [learn(estimator, each, given)[1].train["log_loss"] for each in (data, larger, even)]
    assert curves[0] == pytest.approx(curves[1], rel=1e-9)
    assert curves[0] != pytest.approx(curves[2], rel=1e-5)


@pytest.mark.parametrize(("estimator", "given"), [("sgd", SGD), ("mlp", MLP)])
def test_the_seed_decides(estimator, given):
    data = matrices("regression")
    runs = [learn(estimator, data, given, seed)[1].train["rmse"] for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


@pytest.mark.parametrize(("kind", "scale"), [("binary", 1e200), ("regression", 1e100)])
def test_a_learning_rate_that_is_too_high_is_an_error_that_names_the_step(kind, scale):
    data = matrices(kind, scale=scale)
    with pytest.raises(TrainingError, match=r"diverged.*step 1\b.*lower the learning rate"):
        learn("sgd", data, SGD | {"eta0": 1e6})


def test_a_network_that_diverges_is_an_error_that_names_the_step():
    data = matrices("regression", scale=1e200)
    with pytest.raises(TrainingError, match=r"diverged.*step 1\b.*lower the learning rate"):
        learn("mlp", data, MLP)


def test_the_last_good_checkpoint_is_named_and_stays(tmp_path):
    data = matrices("regression")
    late = replace(data, train=data.train.copy())
    count = 0

    def learn_rows(model, rows, target, weight):
        nonlocal count
        count += 1
        model.partial_fit(rows, target)
        if count == 4:
            model.coef_[:] = np.nan

    folder = CheckpointFolder(tmp_path, "k", every=2)
    watch = StepWatch(late, (), EarlyStopping(), 9, checkpoints=folder)
    learner = EpochLearner(make=SGDRegressor, learn=learn_rows, rows_a_call=300)
    with pytest.raises(TrainingError, match=r"after step 4.*checkpoint of step 2 is kept"):
        fit_in_epochs(FitRequest(late, {}, 0, 1, watch), learner)
    assert CheckpointFolder(tmp_path, "k", every=2).kept() == 2


def test_another_error_of_a_learner_stays_what_it_is():
    data = matrices("binary")

    def learn_rows(model, rows, target, weight):
        raise ValueError("no such thing")

    learner = EpochLearner(make=GaussianNB, learn=learn_rows, rows_a_call=300)
    watch = StepWatch(data, (), EarlyStopping(), 9)
    with pytest.raises(ValueError, match="no such thing"):
        fit_in_epochs(FitRequest(data, {}, 0, 1, watch), learner)


class Stranger(GaussianNB):
    """A type that nobody trusts."""


def run_naive_bayes(kind, folder, trusted=()):
    data = matrices("binary")

    def learn_rows(model, rows, target, weight):
        model.partial_fit(rows, target, classes=[0, 1])

    watch = StepWatch(data, (), EarlyStopping(), 5, checkpoints=folder)
    learner = EpochLearner(kind, learn_rows, rows_a_call=100, trusted=trusted)
    return fit_in_epochs(FitRequest(data, {}, 0, 1, watch), learner)


def test_a_checkpoint_with_a_type_that_is_not_trusted_is_refused(tmp_path):
    run_naive_bayes(Stranger, CheckpointFolder(tmp_path, "k", every=2))
    name = f"{Stranger.__module__}.Stranger"
    with pytest.raises(IntegrityError, match=r"does not trust.*Stranger.*trusted_types"):
        run_naive_bayes(Stranger, CheckpointFolder(tmp_path, "k", every=2))
    again = run_naive_bayes(Stranger, CheckpointFolder(tmp_path, "k", every=2), (name,))
    assert isinstance(again, Stranger)


def test_optimal_learning_rates_need_regularisation():
    with pytest.raises(ConfigurationError, match="alpha, which is 0"):
        learn("sgd", matrices("binary"), SGD | {"learning_rate": "optimal", "alpha": 0.0})


def test_a_network_is_stored_without_what_only_learning_needs():
    model, _ = learn("mlp", matrices("binary"), MLP)
    assert not hasattr(model, "_optimizer")
    assert model.batch_size == 32
