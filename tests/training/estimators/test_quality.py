from __future__ import annotations

import numpy as np
import pytest

from experiment_cycle.training.identity import model_identity
from experiment_cycle.training.predicting import outputs_of

PROBLEMS = ["binary", "multiclass", "regression", "ranking"]
SMALL = {
    "dummy": {},
    "random_forest": {"n_estimators": 15},
    "hist_gradient_boosting": {"n_estimators": 25, "max_features": 0.7, "learning_rate": 0.2},
    "xgboost": {"n_estimators": 25, "subsample": 0.7, "learning_rate": 0.2, "max_depth": 3},
    "skorch": {"epochs": 12, "batch_size": 64, "learning_rate": 0.01},
}
NO_GAPS = {"skorch"}


@pytest.fixture(scope="module")
def of(make, fit):
    """Fit each estimator once to each problem."""
    found = {}

    def fitted(estimator, kind):
        if estimator in {"xgboost", "skorch"}:
            pytest.importorskip(estimator)
        if (estimator, kind) not in found:
            prepared = make(kind, gaps=estimator not in NO_GAPS)
            model, history = fit(estimator, prepared, SMALL[estimator])
            found[estimator, kind] = (prepared, model.estimator, history)
        return found[estimator, kind]

    return fitted


@pytest.mark.parametrize("kind", PROBLEMS)
@pytest.mark.parametrize("estimator", [name for name in SMALL if name != "dummy"])
def test_every_estimator_beats_the_dummy_by_far(estimator, kind, of):
    _, _, history = of(estimator, kind)
    _, _, simplest = of("dummy", kind)
    loss = history.loss
    best = history.validation[loss][(history.best_step or 1) - 1]
    dummy = simplest.validation[loss][0]
    assert best > dummy + 0.2 if kind == "ranking" else best < 0.75 * dummy


@pytest.mark.parametrize("kind", PROBLEMS)
@pytest.mark.parametrize("estimator", list(SMALL))
def test_equal_seeds_give_equal_models_and_a_file_holds_all_of_one(
    estimator, kind, of, make, fit, stored
):
    prepared, model, history = of(estimator, kind)
    again, history_again = fit(estimator, prepared, SMALL[estimator])
    assert history_again == history
    identity = model_identity(model)
    assert model_identity(again.estimator) == identity
    read = stored(model)
    assert model_identity(read) == identity
    expected = outputs_of(model, prepared.validation, kind)
    assert outputs_of(read, prepared.validation, kind).tobytes() == expected.tobytes()
    # rows are predicted one by one
    one_by_one = [outputs_of(model, prepared.validation[i : i + 1], kind)[0] for i in range(5)]
    assert np.array(one_by_one).tobytes() == expected[:5].tobytes()


@pytest.mark.parametrize("kind", ["binary", "ranking"])
@pytest.mark.parametrize("estimator", [name for name in SMALL if name != "dummy"])
def test_another_seed_gives_another_model(estimator, kind, of, fit):
    prepared, model, _ = of(estimator, kind)
    other, _ = fit(estimator, prepared, SMALL[estimator], seed=4)
    assert model_identity(other.estimator) != model_identity(model)


@pytest.mark.parametrize("kind", PROBLEMS)
@pytest.mark.parametrize("estimator", list(SMALL))
def test_the_model_predicts_as_of_its_best_step(estimator, kind, of, options):
    from experiment_cycle.training.steps import StepWatch

    prepared, model, history = of(estimator, kind)
    watch = StepWatch(prepared, (), options().early_stopping, None)
    for part in ("train", "validation"):
        matrix = prepared.train if part == "train" else prepared.validation
        measured = watch.measure(part, outputs_of(model, matrix, kind))
        curve = getattr(history, part)[history.loss]
        assert measured[history.loss] == curve[(history.best_step or 1) - 1]


@pytest.mark.parametrize("estimator", [name for name in SMALL if name != "dummy"])
def test_weights_count(estimator, make, fit, of):
    gaps = estimator not in NO_GAPS
    _, plain, _ = of(estimator, "binary")
    weighted, _ = fit(estimator, make("binary", gaps=gaps, weighted=True), SMALL[estimator])
    assert model_identity(weighted.estimator) != model_identity(plain)


@pytest.mark.parametrize("estimator", ["random_forest", "hist_gradient_boosting", "xgboost"])
@pytest.mark.parametrize("kind", ["binary", "regression"])
def test_threads_change_nothing(estimator, kind, make, fit, options):
    if estimator == "xgboost":
        pytest.importorskip("xgboost")
    prepared, given = make(kind, weighted=True), {"n_estimators": 8}
    one, history = fit(estimator, prepared, given)
    two, history_of_two = fit(estimator, prepared, given, options(threads=2))
    assert history_of_two == history
    assert model_identity(two.estimator) == model_identity(one.estimator)
