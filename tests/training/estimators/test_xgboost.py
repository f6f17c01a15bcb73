from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from experiment_cycle.errors import BackendError, DataError
from experiment_cycle.training.identity import model_identity

xgboost = pytest.importorskip("xgboost")

NAME = "xgboost"
GIVEN = {"n_estimators": 16, "learning_rate": 0.3, "max_depth": 3}
OBJECTIVES = {"binary": "binary:logistic", "regression": "reg:squarederror", "ranking": "rank:ndcg"}


def own_loop(prepared, kind):
    matrix = xgboost.QuantileDMatrix(
        prepared.train,
        label=prepared.train_target,
        weight=prepared.train_weight,
        qid=prepared.train_query,
        feature_types=["c", *["q"] * 4],
        enable_categorical=True,
        nthread=1,
    )
    parameters = {"objective": OBJECTIVES[kind], "eta": 0.3, "max_depth": 3, "nthread": 1}
    return xgboost.train(parameters, matrix, 16)


@pytest.mark.parametrize("kind", list(OBJECTIVES))
def test_the_trees_are_those_of_xgboosts_own_loop(kind, make, fit):
    prepared = make(kind, weighted=kind == "binary")
    model, history = fit(NAME, prepared, GIVEN)
    booster = own_loop(prepared, kind)[: history.best_step]
    expected = booster.inplace_predict(prepared.validation).astype(float)
    if kind == "binary":
        predicted = model.estimator.predict_proba(prepared.validation)[:, 1]
        np.testing.assert_allclose(predicted, expected, rtol=1e-5)
    else:
        assert model.estimator.predict(prepared.validation).tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("kind", "drawn"),
    [
        ("binary", {}),
        ("binary", {"subsample": 0.6}),
        ("multiclass", {"colsample_bytree": 0.6}),
        ("regression", {"subsample": 0.6, "colsample_bytree": 0.6}),
        ("ranking", {"subsample": 0.6}),
    ],
)
def test_a_killed_fit_goes_on_to_the_same_model(
    kind, drawn, make, fit, fit_stopped_at, tmp_path, monkeypatch
):
    # so that fits stop before, at and after the end of a segment
    monkeypatch.setattr("experiment_cycle.training.estimators.xgboost.SEGMENT", 6)
    prepared, given = make(kind), GIVEN | drawn
    expected, history = fit(NAME, prepared, given)
    model, resumed = fit_stopped_at([5, 7, 13, 15], tmp_path, 3, NAME, prepared, given)
    assert resumed == history
    assert model_identity(model.estimator) == model_identity(expected.estimator)


def test_every_segment_draws_anew(make, fit, monkeypatch):
    monkeypatch.setattr("experiment_cycle.training.estimators.xgboost.SEGMENT", 1)
    model, _ = fit(
        *(NAME, make("binary"), {"n_estimators": 8, "colsample_bytree": 0.2, "max_depth": 1})
    )
    booster = xgboost.Booster()
    booster.load_model(bytearray(model.estimator.booster.tobytes()))
    assert len(set(booster.trees_to_dataframe()["Feature"]) - {"Leaf"}) > 2


def test_it_stops_early_and_keeps_the_best_round(make, fit, options):
    model, history = fit(
        NAME, make("binary"), {"n_estimators": 300, "learning_rate": 0.5}, options(patience=5)
    )
    assert history.steps == history.best_step + 5
    booster = xgboost.Booster()
    booster.load_model(bytearray(model.estimator.booster.tobytes()))
    assert booster.num_boosted_rounds() == history.best_step


def test_probabilities_of_several_classes_add_up(make, fit):
    prepared = make("multiclass")
    model, _ = fit(NAME, prepared, GIVEN)
    shares = model.estimator.predict_proba(prepared.validation)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-12)
    assert (model.estimator.predict(prepared.validation) == shares.argmax(axis=1)).all()


def test_weights_that_differ_within_a_query_are_averaged_and_told(make, fit):
    prepared = make("ranking", weighted=True)
    averaged, _ = fit(NAME, prepared, GIVEN)
    assert "weighs whole queries" in averaged.warning
    means = [
        prepared.train_weight[prepared.train_query == query].mean()
        for query in np.unique(prepared.train_query)
    ]
    equal = replace(prepared, train_weight=np.repeat(means, 15))
    same, _ = fit(NAME, equal, GIVEN)
    assert same.warning is None
    rows = prepared.validation
    np.testing.assert_allclose(
        same.estimator.predict(rows), averaged.estimator.predict(rows), rtol=1e-4, atol=1e-5
    )


def test_a_relevance_that_is_too_great_is_told(make, fit):
    prepared = make("ranking")
    great = replace(prepared, train_target=prepared.train_target * 20)
    with pytest.raises(DataError, match="relevances up to 31, and the greatest in train is 60"):
        fit(NAME, great, GIVEN)


def test_a_stored_model_tells_what_is_not_installed(make, fit, stored, monkeypatch):
    prepared = make("binary")
    model, _ = fit(NAME, prepared, GIVEN)
    read = stored(model.estimator)
    monkeypatch.setitem(sys.modules, "xgboost", None)
    with pytest.raises(BackendError, match=r"pip install \"experiment-cycle\[xgboost\]\""):
        read.predict_proba(prepared.validation)
