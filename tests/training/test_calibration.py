"""Calibrated probabilities are those of scikit-learn's own calibration, and outlive a refit."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from experiment_cycle.errors import DataError
from experiment_cycle.training.calibrated import CalibratedClassifier
from experiment_cycle.training.calibration import calibrate as calibrate_of
from experiment_cycle.training.calibration import carry_over
from experiment_cycle.training.identity import model_identity


def calibrate(model, rows, target, method):
    return calibrate_of(model, rows, target, method, ("a", "b", "c")[: len(model.classes_)])


@pytest.fixture(params=[2, 3], ids=["binary", "multiclass"])
def parts(request):
    """Rows to fit on, to calibrate on, and new ones; naive Bayes is far too sure of them."""
    rows, target = make_classification(
        3000, 8, n_informative=3, n_redundant=5, n_classes=request.param, random_state=0
    )
    return [(rows[start : start + 1000], target[start : start + 1000]) for start in (0, 1000, 2000)]


def piped(estimator):
    return Pipeline([("preprocess", FunctionTransformer()), ("estimator", estimator)])


def reference(model, rows, target, method):
    return CalibratedClassifierCV(FrozenEstimator(model), method=method, cv=2).fit(rows, target)


def test_isotonic_is_that_of_scikit_learn(parts):
    (rows, target), (held, known), (new, _) = parts
    model = GaussianNB().fit(rows, target)
    ours = calibrate(piped(model), held, known, "isotonic")
    theirs = reference(model, held, known, "isotonic")
    np.testing.assert_allclose(ours.predict_proba(new), theirs.predict_proba(new), atol=1e-12)


def test_sigmoid_is_that_of_scikit_learn_for_a_model_of_log_odds():
    rows, target = make_classification(2000, 6, random_state=1)
    model = LogisticRegression(C=0.001).fit(rows[:1000], target[:1000])
    ours = calibrate(piped(model), rows[1000:], target[1000:], "sigmoid")
    theirs = reference(model, rows[1000:], target[1000:], "sigmoid")
    # theirs stops at a coarser tolerance
    np.testing.assert_allclose(ours.predict_proba(rows), theirs.predict_proba(rows), atol=1e-4)


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_new_rows_are_predicted_better_and_as_probabilities(parts, method):
    (rows, target), (held, known), (new, came_true) = parts
    model = piped(GaussianNB().fit(rows, target))
    calibrated = calibrate(model, held, known, method)
    predicted = calibrated.predict_proba(new)
    np.testing.assert_allclose(predicted.sum(axis=1), 1.0)
    assert predicted.min() >= 0
    assert predicted.max() <= 1
    assert log_loss(came_true, predicted) < log_loss(came_true, model.predict_proba(new))


def test_a_refitted_model_keeps_the_maps(parts):
    (rows, target), (held, known), (new, _) = parts
    calibrated = calibrate(piped(GaussianNB().fit(rows, target)), held, known, "isotonic")
    other = piped(GaussianNB().fit(held, known))
    moved = carry_over(calibrated, other)
    by_hand = CalibratedClassifier(other["estimator"], "isotonic")
    by_hand.classes_, by_hand.maps_ = other.classes_, calibrated["estimator"].maps_
    np.testing.assert_array_equal(moved.predict_proba(new), by_hand.predict_proba(new))
    assert model_identity(moved) not in {model_identity(other), model_identity(calibrated)}
    assert carry_over(other, other) is other


def test_without_calibration_the_model_stays_itself(parts):
    (rows, target), *_ = parts
    model = piped(GaussianNB().fit(rows, target))
    assert calibrate(model, rows, target, "none") is model


def test_a_class_that_validation_hardly_has_is_named(parts):
    (rows, target), *_ = parts
    model = piped(GaussianNB().fit(rows, target))
    few = np.flatnonzero(target != 1)
    with pytest.raises(DataError, match="the class b"):
        calibrate(model, rows[few], target[few], "sigmoid")


def test_few_rows_for_isotonic_are_told_of(parts, caplog):
    (rows, target), *_ = parts
    model = piped(GaussianNB().fit(rows, target))
    with caplog.at_level(logging.WARNING):
        calibrate(model, rows[:500], target[:500], "isotonic")
    assert "500 rows only" in caplog.text
