from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import log_loss, root_mean_squared_error

from experiment_cycle.errors import ConfigurationError
from experiment_cycle.training.identity import model_identity

NAME = "hist_gradient_boosting"
GIVEN = {"n_estimators": 20, "learning_rate": 0.3, "max_features": 0.5, "max_leaf_nodes": 6}


@pytest.mark.parametrize("kind", ["multiclass", "regression"])
def test_rounds_and_curves_are_those_of_scikit_learns_own_fit(kind, make, fit):
    prepared = make(kind, weighted=True)
    model, history = fit(NAME, prepared, GIVEN)
    plain = (
        HistGradientBoostingClassifier if kind == "multiclass" else HistGradientBoostingRegressor
    )
    own = {name: value for name, value in GIVEN.items() if name != "n_estimators"}
    oracle = plain(
        max_iter=20, early_stopping=False, categorical_features=[0], random_state=3, **own
    ).fit(prepared.train, prepared.train_target, sample_weight=prepared.train_weight)
    for part in ("train", "validation"):
        rows = getattr(prepared, part)
        target = getattr(prepared, f"{part}_target")
        if kind == "multiclass":
            curve = [log_loss(target, stage) for stage in oracle.staged_predict_proba(rows)]
        else:
            staged = oracle.staged_predict(rows)
            curve = [root_mean_squared_error(target, stage) for stage in staged]
        np.testing.assert_allclose(getattr(history, part)[history.loss], curve, rtol=1e-12)
    cut = plain(
        max_iter=history.best_step,
        early_stopping=False,
        categorical_features=[0],
        random_state=3,
        **own,
    ).fit(prepared.train, prepared.train_target, sample_weight=prepared.train_weight)
    rows = prepared.validation
    assert model.estimator.predict(rows).tobytes() == cut.predict(rows).tobytes()
    assert model.estimator.n_iter_ == history.best_step


def test_it_stops_early_and_keeps_the_best_round(make, fit, options):
    prepared = make("binary")
    model, history = fit(
        NAME, prepared, {"n_estimators": 300, "learning_rate": 0.5}, options(patience=5)
    )
    assert history.steps == history.best_step + 5
    assert history.steps < 300
    assert model.estimator.n_iter_ == history.best_step
    assert "did not improve" in history.stopped_because


@pytest.mark.parametrize("kind", ["binary", "multiclass", "ranking"])
def test_a_killed_fit_goes_on_to_the_same_model(kind, make, fit, fit_stopped_at, tmp_path):
    prepared = make(kind)
    expected, history = fit(NAME, prepared, GIVEN)
    model, resumed = fit_stopped_at([3, 9, 13], tmp_path, 4, NAME, prepared, GIVEN)
    assert resumed == history
    assert model_identity(model.estimator) == model_identity(expected.estimator)


def test_unknown_codes_are_read_as_missing(make, fit):
    prepared = make("binary")
    model, _ = fit(NAME, prepared, GIVEN)
    rows = prepared.validation[:5].copy()
    rows[:, 0] = np.nan
    missing = model.estimator.predict_proba(rows)
    rows[:, 0] = 77
    assert model.estimator.predict_proba(rows).tolist() == missing.tolist()


def test_too_many_codes_are_told_with_the_option_that_mends_it(make, fit):
    prepared = make("binary")
    matrix = prepared.train.copy()
    matrix[0, 0] = 300
    with pytest.raises(ConfigurationError, match=r"301\. Next step: set .*max_levels to 255"):
        fit(NAME, replace(prepared, train=matrix), GIVEN)


def test_more_than_ten_thousand_rows_are_measured_whole(make, fit):
    prepared = make("binary")
    times = 18
    large = replace(
        prepared,
        train=np.tile(prepared.train, (times, 1)),
        train_target=np.tile(prepared.train_target, times),
    )
    assert len(large.train) > 10_000
    model, history = fit(NAME, large, {"n_estimators": 3})
    last = log_loss(large.train_target, model.estimator.predict_proba(large.train))
    assert history.train["log_loss"][-1] == pytest.approx(last, rel=1e-12)
