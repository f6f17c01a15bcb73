from __future__ import annotations

import logging
import sys

import lightgbm
import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from experiment_cycle.errors import BackendError, ConfigurationError, DataError
from experiment_cycle.training.identity import state_hash
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.trainer import fit, prepare, train_model

SCORES = {
    "log_loss": log_loss,
    "roc_auc": roc_auc_score,
    "average_precision": average_precision_score,
}


def options(**changes):
    lightgbm_block = {"n_estimators": 60, "learning_rate": 0.1, **changes.pop("lightgbm", {})}
    stop = {"patience": 10, **changes.pop("early_stopping", {})}
    return TrainingOptions.model_validate(
        {"estimators": {"lightgbm": lightgbm_block}, "early_stopping": stop, **changes}
    )


def train(estimator, parts, columns, chosen, seed=42, **hyperparameters):
    return train_model(
        estimator, hyperparameters, parts["train"], parts["validation"], columns, chosen, seed
    )


@pytest.fixture
def split(mixed):
    return {"train": mixed[:400], "validation": mixed[400:]}


@pytest.mark.parametrize("estimator", ["lightgbm", "linear"])
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


@pytest.mark.parametrize("estimator", ["lightgbm", "linear"])
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


@pytest.mark.parametrize("metric", ["log_loss", "roc_auc", "average_precision"])
def test_the_history_holds_scikit_learns_metrics_after_every_round(metric, visits, visits_columns):
    chosen = options(early_stopping={"metric": metric, "patience": 5})
    trained = train("lightgbm", visits, visits_columns, chosen)
    history = trained.history
    for part in ("train", "validation"):
        recorded = getattr(history, part)
        assert set(recorded) == {"log_loss", metric}
        target = visits[part]["any_visit"]
        for done in (1, history.best_round // 2, history.best_round):
            probability = trained.model.predict_proba(visits[part], num_iteration=done)[:, 1]
            for name, values in recorded.items():
                assert values[done - 1] == pytest.approx(
                    SCORES[name](target, probability), rel=1e-6
                )


@pytest.mark.parametrize("metric", ["log_loss", "roc_auc", "average_precision"])
@pytest.mark.parametrize("min_delta", [0.0, 0.002])
def test_early_stopping_ends_where_lightgbms_own_does_for_that_metric_alone(
    metric, min_delta, visits, visits_columns
):
    stop = {"metric": metric, "patience": 7, "min_delta": min_delta}
    chosen = options(early_stopping=stop)
    history = train("lightgbm", visits, visits_columns, chosen).history
    names = [name for name in visits["train"].columns if name.startswith(("l", "f", "d", "h", "i"))]
    names += ["physlm"]
    reference = lightgbm.LGBMClassifier(
        n_estimators=60,
        learning_rate=0.1,
        subsample_freq=1,
        random_state=42,
        n_jobs=1,
        verbosity=-1,
    )
    part = visits["validation"]
    reference.fit(
        visits["train"][visits["train"].columns.intersection(names)].astype(float).to_numpy(),
        visits["train"]["any_visit"].to_numpy(),
        eval_X=part[part.columns.intersection(names)].astype(float).to_numpy(),
        eval_y=part["any_visit"].to_numpy(),
        eval_metric={"log_loss": "binary_logloss", "roc_auc": "auc"}.get(metric, metric),
        callbacks=[
            lightgbm.early_stopping(7, first_metric_only=True, verbose=False, min_delta=min_delta)
        ],
    )
    assert history.best_round == reference.best_iteration_


def test_the_best_round_is_kept_and_the_reason_says_so(visits, visits_columns):
    trained = train("lightgbm", visits, visits_columns, options())
    history = trained.history
    losses = history.validation["log_loss"]
    assert history.best_round == int(np.argmin(losses)) + 1 < history.rounds
    assert history.rounds == history.best_round + 10 == len(losses)
    assert "did not improve for 10 rounds" in history.stopped_because
    assert f"in round {history.best_round} of {history.rounds}" in history.stopped_because
    probability = trained.model.predict_proba(visits["validation"])[:, 1]
    assert log_loss(visits["validation"]["any_visit"], probability) == pytest.approx(min(losses))


def test_all_rounds_are_used_where_validation_keeps_improving(visits, visits_columns):
    chosen = options(lightgbm={"n_estimators": 8, "learning_rate": 0.01})
    trained = train("lightgbm", visits, visits_columns, chosen)
    assert trained.history.stopped_because.startswith("All 8 rounds were used")
    assert trained.history.best_round == trained.history.rounds == 8
    assert trained.model["estimator"].best_iteration_ == 8


def test_lightgbm_splits_text_by_level_not_by_order(split, mixed_columns):
    model = train("lightgbm", split, mixed_columns, options()).model
    kinds = model["estimator"].booster_.trees_to_dataframe()
    names = model["preprocess"].get_feature_names_out()
    for name, kind in (("colour", "=="), ("number", "<=")):
        column = f"Column_{list(names).index(name)}"
        used = kinds.loc[kinds["split_feature"] == column, "decision_type"]
        assert set(used) == {kind}


def test_subsample_has_an_effect(visits, visits_columns):
    whole = train("lightgbm", visits, visits_columns, options())
    half = train("lightgbm", visits, visits_columns, options(), subsample=0.5)
    assert whole.history.train != half.history.train


@pytest.mark.parametrize("seed", [0, 2**31, 2**32 - 1])
def test_any_seed_trains_lightgbm(seed, split, mixed_columns):
    trained = train("lightgbm", split, mixed_columns, options(), seed, subsample=0.8)
    assert trained.history.rounds > 0


def test_the_linear_model_equals_a_plain_scikit_learn_pipeline(visits, visits_columns):
    trained = train("linear", visits, visits_columns, options(), C=0.3)
    names = list(trained.model["preprocess"].feature_names_in_)
    assert "physical_limitation" not in names
    assert "physlm" in names
    plain = make_pipeline(
        SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression(C=0.3, max_iter=1000)
    )
    plain.fit(visits["train"][names], visits["train"]["any_visit"])
    np.testing.assert_allclose(
        trained.model.predict_proba(visits["test"]),
        plain.predict_proba(visits["test"][names]),
        atol=1e-5,
    )


def test_the_linear_model_has_one_point_of_history(visits, visits_columns):
    trained = train("linear", visits, visits_columns, options(early_stopping={"metric": "roc_auc"}))
    history = trained.history
    assert (history.rounds, history.best_round) == (0, None)
    for part in ("train", "validation"):
        probability = trained.model.predict_proba(visits[part])[:, 1]
        for name in ("log_loss", "roc_auc"):
            expected = SCORES[name](visits[part]["any_visit"], probability)
            assert getattr(history, part)[name] == pytest.approx((expected,))
    assert history.stopped_because.startswith("The solver converged after")


def test_rare_levels_share_one_input_with_unknown_ones(split, mixed_columns):
    rows = split["train"].copy()
    rows["colour"] = rows["colour"].astype(object)
    rows.iloc[:3, rows.columns.get_loc("colour")] = ["mauve", "teal", "pink"]
    model = train("linear", {**split, "train": rows}, mixed_columns, options()).model
    levels = [name for name in model["preprocess"].get_feature_names_out() if "colour" in name]
    assert "colour_infrequent_sklearn" in levels
    assert not {"colour_mauve", "colour_teal"} & set(levels)


def test_a_solver_that_does_not_converge_is_one_logged_warning(
    visits, visits_columns, caplog, recwarn
):
    with caplog.at_level(logging.WARNING):
        trained = train("linear", visits, visits_columns, options(), max_iter=1)
    assert [record.getMessage() for record in caplog.records] == [
        f"linear: {trained.history.stopped_because}"
    ]
    assert "max_iter" in trained.history.stopped_because
    assert not recwarn.list


def test_a_constant_table_still_trains(mixed_columns):
    rows = pd.DataFrame({"id": range(80), "x": 1.0, "outcome": ["yes", "no"] * 40})
    parts = {"train": rows[:40], "validation": rows[40:]}
    model = train("lightgbm", parts, mixed_columns, options()).model
    np.testing.assert_allclose(model.predict_proba(rows)[:, 1], 0.5)


@pytest.mark.parametrize(
    ("hyperparameters", "message"),
    [({"num_leafs": 3}, "Did you mean 'num_leaves'"), ({"num_leaves": 1}, "num_leaves")],
)
def test_a_wrong_hyperparameter_is_refused(hyperparameters, message, visits, visits_columns):
    with pytest.raises(ConfigurationError, match=message):
        train("lightgbm", visits, visits_columns, options(), **hyperparameters)


def test_one_class_only_is_refused(split, mixed_columns):
    rows = split["validation"].assign(outcome="no")
    with pytest.raises(DataError, match="one class only in validation: 0 of 200"):
        train("linear", {**split, "validation": rows}, mixed_columns, options())


def test_prepared_matrices_serve_many_fits(visits, visits_columns):
    chosen = options()
    prepared = prepare("lightgbm", visits["train"], visits["validation"], visits_columns)
    for leaves in (4, 12):
        hyperparameters = {**chosen.hyperparameters("lightgbm"), "num_leaves": leaves}
        again = fit("lightgbm", prepared, hyperparameters, chosen, 42, watch_train=False)
        assert again.history.train == {}
        whole = train("lightgbm", visits, visits_columns, chosen, num_leaves=leaves)
        np.testing.assert_array_equal(
            again.estimator.predict_proba(prepared.validation),
            whole.model.predict_proba(visits["validation"]),
        )


def test_resources_count_the_rows(visits, visits_columns):
    resources = train("linear", visits, visits_columns, options()).resources
    assert resources.train_rows == len(visits["train"])
    assert resources.validation_rows == len(visits["validation"])
    assert resources.wall_seconds > 0


def test_a_missing_openmp_runtime_is_named_with_its_remedy(monkeypatch, visits, visits_columns):
    class WithoutOpenMP:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name == "experiment_cycle.training.estimators.lightgbm":
                raise OSError("libgomp.so.1: cannot open shared object file")

    monkeypatch.delitem(sys.modules, "experiment_cycle.training.estimators.lightgbm", False)
    monkeypatch.setattr(sys, "meta_path", [WithoutOpenMP, *sys.meta_path])
    with pytest.raises(BackendError, match="apt-get install libgomp1"):
        train("lightgbm", visits, visits_columns, options())
