"""Attributions add up to the output, and are those of a model that is computed by hand."""

import numpy as np
import pandas as pd
import pytest
from tests.evaluation.errors.mixed_rows import FEATURES, mixed, trained

from experiment_cycle.evaluation.errors.attributions import attribute
from experiment_cycle.training.calibrated import CalibratedClassifier

KINDS = ("binary", "multiclass", "regression", "ranking")


def raw_scores(model: object, estimator: str, rows: pd.DataFrame) -> np.ndarray:
    """What the estimator says before it is made a probability, by its own library."""
    matrix, fitted = model["preprocess"].transform(rows), model["estimator"]
    if estimator == "lightgbm":
        return fitted.booster.predict(matrix, raw_score=True)
    if hasattr(fitted, "decision_function"):
        return fitted.decision_function(matrix)
    if hasattr(fitted, "predict_proba"):
        odds = np.log(fitted.predict_proba(matrix))
        return odds[:, 1] - odds[:, 0] if odds.shape[1] == 2 else odds
    return fitted.predict(matrix)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("estimator", ["lightgbm", "xgboost", "linear", "sgd"])
def test_contributions_and_base_add_up_to_the_raw_score(estimator: str, kind: str) -> None:
    if estimator == "xgboost":
        pytest.importorskip("xgboost")
    model, rows, typical = trained(estimator, kind), mixed(kind, seed=2).head(30), mixed(kind)
    pairs = None
    if kind == "multiclass":
        pairs = np.arange(30) % 3, (np.arange(30) + 1) % 3

    found = attribute(model, rows, typical, pairs)

    assert found is not None
    expected = raw_scores(model, estimator, rows)
    if pairs is not None:
        each = np.arange(30)
        expected = expected[each, pairs[0]] - expected[each, pairs[1]]
    assert set(found.features) == FEATURES
    total = found.base + found.contributions.sum(axis=1)
    precision = 1e-5 if estimator == "xgboost" else 1e-10
    np.testing.assert_allclose(total, expected, rtol=precision, atol=precision)
    np.testing.assert_allclose(found.score, total)


def test_a_linear_model_is_attributed_against_the_typical_row() -> None:
    model, rows, typical = trained("linear", "regression"), mixed("regression", seed=2), None
    typical = mixed("regression")

    found = attribute(model, rows.head(5), typical)

    assert found is not None
    # by hand: what the prediction loses on average if the number is drawn from the typical rows
    place = found.features.index("number")
    for row in range(5):
        one = rows.iloc[[row]]
        drawn = pd.concat([one] * len(typical)).assign(number=typical["number"].to_numpy())
        loss = model.predict(one)[0] - model.predict(drawn).mean()
        assert found.contributions[row, place] == pytest.approx(loss, abs=1e-10)
    assert found.base[0] == pytest.approx(model.predict(typical).mean(), abs=1e-10)


@pytest.mark.parametrize("options", ["target", "indicator"])
def test_all_that_a_feature_became_is_added_up_to_it(options: str) -> None:
    model, rows = trained("linear", "multiclass", options), mixed("multiclass", seed=2).head(4)
    inputs = model["preprocess"].get_feature_names_out()

    found = attribute(model, rows, mixed("multiclass"), (np.zeros(4, int), np.ones(4, int)))

    assert found is not None
    matrix = np.asarray(model["preprocess"].transform(rows))
    centre = np.asarray(model["preprocess"].transform(mixed("multiclass"))).mean(axis=0)
    weights = model["estimator"].coef_[0] - model["estimator"].coef_[1]
    by_input = weights * (matrix - centre)
    for feature in FEATURES:
        own = [str(name).startswith(feature) or f"_{feature}" in str(name) for name in inputs]
        assert any(own)
        np.testing.assert_allclose(
            found.contributions[:, found.features.index(feature)], by_input[:, own].sum(axis=1)
        )


def test_a_calibrated_model_is_attributed_before_its_calibration() -> None:
    model, rows = trained("lightgbm", "binary"), mixed("binary", seed=2)
    wrapped = CalibratedClassifier(model["estimator"], "sigmoid")
    wrapped.fit(model["preprocess"].transform(rows), (rows["goal"] == "yes").to_numpy(int))
    calibrated = type(model)([("preprocess", model["preprocess"]), ("estimator", wrapped)])

    plain, found = (attribute(each, rows.head(3), rows) for each in (model, calibrated))

    assert plain is not None
    assert found is not None
    np.testing.assert_array_equal(plain.contributions, found.contributions)


@pytest.mark.parametrize("estimator", ["random_forest", "hist_gradient_boosting", "mlp"])
def test_there_is_no_approximation_where_none_is_exact(estimator: str) -> None:
    rows = mixed("binary", seed=2).head(3)

    assert attribute(trained(estimator, "binary"), rows, rows) is None
