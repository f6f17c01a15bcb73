from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss, roc_auc_score, root_mean_squared_error

from experiment_cycle.problem import Problem
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.predicting import outputs_of
from experiment_cycle.training.prepared import Prepared
from experiment_cycle.training.trainer import check_hyperparameters, fit

PROBLEMS = {
    "binary": Problem(type="binary", classes=(0, 1)),
    "multiclass": Problem(type="multiclass", classes=("a", "b", "c")),
    "regression": Problem(type="regression"),
    "ranking": Problem(type="ranking"),
}


def matrices(kind, weighted=False):
    draw = np.random.default_rng(1)
    inputs = draw.normal(size=(300, 3))
    score = inputs[:, 0] - inputs[:, 1] + draw.normal(size=300)
    target = {
        "binary": (score > 0).astype(np.int64),
        "multiclass": np.digitize(score, [-1, 1]).astype(np.int64),
        "regression": score,
        "ranking": np.digitize(score, [0, 1]).astype(np.float64),
    }[kind]
    query = np.sort(draw.integers(0, 30, 300)) if kind == "ranking" else None
    return Prepared(
        *(PROBLEMS[kind], None, None, ()),
        *(inputs[:200], target[:200], inputs[200:], target[200:]),
        draw.random(200) * 3 if weighted else None,
        *((None, None) if query is None else (query[:200], query[200:])),
    )


def learn(data, hyperparameters, **changes):
    chosen = TrainingOptions.model_validate(changes)
    checked = check_hyperparameters("linear", hyperparameters, chosen)
    return fit("linear", data, checked, chosen, 3)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", PROBLEMS)
def test_it_is_logistic_or_ridge_regression(kind, weighted):
    data = matrices(kind, weighted)
    fitted, history = learn(data, {"C": 0.25})
    theirs = LogisticRegression(C=0.25) if data.problem.classes else Ridge(alpha=4.0)
    theirs.fit(data.train, data.train_target, sample_weight=data.train_weight)
    found = outputs_of(fitted.estimator, data.validation, kind)
    expected = outputs_of(theirs, data.validation, kind)
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    assert (history.steps, history.best_step, history.unit) == (0, None, None)
    assert fitted.warning is None


@pytest.mark.parametrize("kind", PROBLEMS)
def test_sparse_rows_are_learned_alike(kind):
    data = matrices(kind, weighted=True)
    thin = replace(data, train=sparse.csr_array(data.train))
    dense, _ = learn(data, {})
    found, _ = learn(thin, {})
    np.testing.assert_allclose(
        outputs_of(found.estimator, data.validation, kind),
        outputs_of(dense.estimator, data.validation, kind),
        atol=1e-3,
    )


def test_the_history_has_one_point_for_each_metric():
    data = matrices("binary")
    fitted, history = learn(data, {}, metrics=["roc_auc"])
    for part, matrix, target in (
        ("train", data.train, data.train_target),
        ("validation", data.validation, data.validation_target),
    ):
        probability = fitted.estimator.predict_proba(matrix)[:, 1]
        assert getattr(history, part) == {
            "log_loss": pytest.approx((log_loss(target, probability),)),
            "roc_auc": pytest.approx((roc_auc_score(target, probability),)),
        }
    assert history.stopped_because.startswith("The solver converged after")


def test_ridge_is_solved_directly():
    data = matrices("regression")
    fitted, history = learn(data, {})
    assert history.stopped_because == "It was solved directly."
    error = root_mean_squared_error(
        data.validation_target, fitted.estimator.predict(data.validation)
    )
    assert history.validation["rmse"] == pytest.approx((error,))


def test_a_solver_that_does_not_converge_is_a_warning_with_its_remedy(recwarn):
    fitted, history = learn(matrices("binary"), {"max_iter": 1})
    assert "did not converge within max_iter (1)" in fitted.warning
    assert "training.estimators.linear.max_iter" in fitted.warning
    assert history.stopped_because == fitted.warning
    assert not recwarn.list
