from __future__ import annotations

import lightgbm
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, log_loss, ndcg_score, r2_score, roc_auc_score

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.errors import DataError
from experiment_cycle.training.identity import model_identity
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.predicting import outputs_of
from experiment_cycle.training.trainer import check_hyperparameters, fit, prepare

TASKS = {
    "binary": "classification",
    "multiclass": "classification",
    "regression": "regression",
    "ranking": "ranking",
}
TREES = {"n_estimators": 25, "num_leaves": 8, "learning_rate": 0.2, "min_child_samples": 5}


@pytest.fixture(scope="module")
def prepared():
    """Matrices of one problem, by its type; train has weights if asked for."""
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(500, 5)), columns=list("abcde"))
    frame["letter"] = draw.choice(["x", "y", "z"], 500)
    frame.loc[draw.random(500) < 0.1, "a"] = np.nan
    score = frame["a"].fillna(0) * frame["b"] + (frame["letter"] == "x") + draw.normal(size=500)
    frame["weight"] = draw.random(500) + 0.2
    frame["query"] = draw.integers(0, 40, 500)
    frame["binary"] = score > score.median()
    frame["multiclass"] = pd.qcut(score, 3, labels=["low", "middle", "high"]).astype(str)
    frame["regression"] = score
    frame["ranking"] = pd.qcut(score, [0, 0.7, 0.9, 1], labels=False)
    frame.index.name = ROW

    def make(kind, weighted=False):
        weight = {"weight": "weight"} if weighted else {}
        others = [name for name in (*TASKS, "weight") if name not in {kind, *weight}]
        columns = Columns(target=kind, query="query", drop=others, **weight)
        train, validation = frame[:350], frame[350:]
        return prepare("lightgbm", train, validation, columns, TrainingOptions(), TASKS[kind])

    return make


def learn(data, seed=3, hyperparameters=TREES, **changes):
    chosen = TrainingOptions.model_validate(changes)
    checked = check_hyperparameters("lightgbm", hyperparameters, chosen)
    fitted, history = fit("lightgbm", data, checked, chosen, seed)
    return fitted.estimator, history


def sizes(query):
    return np.bincount(query)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", TASKS)
def test_the_trees_are_those_of_lightgbms_own_estimators(kind, weighted, prepared):
    data = prepared(kind, weighted)
    model, history = learn(data)
    classes = {
        "binary": lightgbm.LGBMClassifier,
        "multiclass": lightgbm.LGBMClassifier,
        "regression": lightgbm.LGBMRegressor,
        "ranking": lightgbm.LGBMRanker,
    }
    theirs = classes[kind](
        **TREES,
        random_state=3,
        n_jobs=1,
        deterministic=True,
        force_row_wise=True,
        verbosity=-1,
    )
    group = {} if kind != "ranking" else {"group": sizes(data.train_query)}
    theirs.fit(
        *(data.train, data.train_target),
        sample_weight=data.train_weight,
        categorical_feature=list(data.categorical),
        **group,
    )
    theirs.set_params(n_jobs=1)
    expected = theirs.booster_.predict(data.validation, num_iteration=history.best_step)
    found = outputs_of(model, data.validation, kind)
    np.testing.assert_array_equal(found, expected)
    if data.problem.classes:
        assert model.classes_.tolist() == list(range(len(data.problem.classes)))
        np.testing.assert_allclose(model.predict_proba(data.validation).sum(axis=1), 1.0)


def oracle(name, data, part, prediction):
    target = data.train_target if part == "train" else data.validation_target
    query = data.train_query if part == "train" else data.validation_query
    if name == "ndcg_at_10":
        values = [
            ndcg_score([2.0 ** target[query == each] - 1], [prediction[query == each]], k=10)
            for each in np.unique(query)
            if (query == each).sum() > 1 and target[query == each].any()
        ]
        # of one row, scikit-learn computes none: it is first whatever its score
        single = [1.0 for each in np.unique(query) if target[query == each].tolist() in ([1], [2])]
        return np.mean(values + single)
    return {
        "log_loss": lambda: log_loss(target, prediction),
        "roc_auc": lambda: roc_auc_score(target, prediction),
        "average_precision": lambda: average_precision_score(target, prediction),
        "brier": lambda: np.mean((target - prediction) ** 2),
        "accuracy": lambda: np.mean(target == prediction.argmax(axis=1)),
        "rmse": lambda: np.sqrt(np.mean((target - prediction) ** 2)),
        "mae": lambda: np.mean(np.abs(target - prediction)),
        "mse": lambda: np.mean((target - prediction) ** 2),
        "r2": lambda: r2_score(target, prediction),
    }[name]()


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("kind", "metrics"),
    [
        ("binary", ["log_loss", "roc_auc", "average_precision", "brier"]),
        ("multiclass", ["log_loss", "accuracy"]),
        ("regression", ["rmse", "mae", "mse", "r2"]),
        ("ranking", ["ndcg_at_10"]),
    ],
)
def test_the_history_holds_every_metric_unweighted_after_every_round(
    kind, metrics, weighted, threads, prepared
):
    data = prepared(kind, weighted)
    model, history = learn(data, metrics=metrics, threads=threads)
    assert history.loss == metrics[0]
    for part in ("train", "validation"):
        recorded = getattr(history, part)
        matrix = data.train if part == "train" else data.validation
        assert set(recorded) == set(metrics)
        for done in {1, history.best_step}:
            predicted = model.booster.predict(matrix, num_iteration=done)
            raw = model.booster.predict(matrix, num_iteration=done, raw_score=True)
            for name in metrics:
                # LightGBM ranks the sums of leaves: some differ by a rounding error, which the
                # probabilities made of them do not
                by_sums = name in {"roc_auc", "average_precision"}
                by_sums &= not weighted or part == "validation"
                prediction = raw if by_sums else predicted
                assert len(recorded[name]) == history.steps
                expected = oracle(name, data, part, prediction)
                assert recorded[name][done - 1] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("metric", ["log_loss", "roc_auc", "average_precision"])
@pytest.mark.parametrize("min_delta", [0.0, 0.002])
def test_early_stopping_ends_where_lightgbms_own_does_for_that_metric_alone(
    metric, min_delta, prepared
):
    data = prepared("binary")
    stop = {"metric": metric, "patience": 4, "min_delta": min_delta}
    _, history = learn(data, early_stopping=stop)
    theirs = lightgbm.LGBMClassifier(**TREES, random_state=3, n_jobs=1, verbosity=-1)
    theirs.fit(
        *(data.train, data.train_target),
        eval_X=data.validation,
        eval_y=data.validation_target,
        eval_metric={"log_loss": "binary_logloss", "roc_auc": "auc"}.get(metric, metric),
        categorical_feature=list(data.categorical),
        callbacks=[
            lightgbm.early_stopping(4, first_metric_only=True, verbose=False, min_delta=min_delta)
        ],
    )
    assert history.metric == metric
    assert history.best_step == theirs.best_iteration_


def test_the_best_round_is_kept_and_the_reason_says_so(prepared):
    data = prepared("binary")
    model, history = learn(data, early_stopping={"patience": 3})
    losses = history.validation["log_loss"]
    assert history.unit == "round"
    assert history.best_step == int(np.argmin(losses)) + 1 < history.steps
    assert history.steps == history.best_step + 3 == len(losses)
    assert "did not improve for 3 steps" in history.stopped_because
    assert f"after step {history.best_step} of {history.steps}" in history.stopped_because
    assert model.booster.num_trees() == history.best_step
    probability = model.predict_proba(data.validation)
    assert log_loss(data.validation_target, probability) == pytest.approx(min(losses))


def test_all_rounds_are_used_where_validation_keeps_improving(prepared):
    slow = TREES | {"n_estimators": 6, "learning_rate": 0.01}
    model, history = learn(prepared("regression"), hyperparameters=slow)
    assert history.stopped_because.startswith("All 6 steps were used")
    assert history.best_step == history.steps == model.booster.num_trees() == 6


def test_it_splits_text_by_level_not_by_order(prepared):
    data = prepared("binary")
    model, _ = learn(data)
    splits = model.booster.trees_to_dataframe().dropna(subset=["decision_type"])
    names = {f"Column_{position}" for position in data.categorical}
    categorical = splits["split_feature"].isin(names)
    assert set(splits.loc[categorical, "decision_type"]) == {"=="}
    assert set(splits.loc[~categorical, "decision_type"]) == {"<="}


@pytest.mark.parametrize("sampling", [{"subsample": 0.5}, {"colsample_bytree": 0.4}])
def test_sampling_has_an_effect_that_the_seed_decides(sampling, prepared):
    data = prepared("regression")
    runs = [
        learn(data, seed, TREES | extra)[1].train["rmse"]
        for seed, extra in ((1, sampling), (1, sampling), (2, sampling), (1, {}))
    ]
    assert runs[0] == runs[1]
    assert len(set(runs)) == 3


def test_rows_and_columns_are_drawn_anew_in_every_round(prepared):
    data = prepared("regression")
    model, _ = learn(data, hyperparameters=TREES | {"colsample_bytree": 0.2, "subsample": 0.5})
    trees = model.booster.trees_to_dataframe()
    roots = trees[trees["node_depth"] == 1]
    # one column of six a tree
    assert trees.groupby("tree_index")["split_feature"].nunique().max() == 1
    assert trees["split_feature"].nunique() > 3
    assert roots["count"].nunique() > 5
    assert roots["count"].mean() == pytest.approx(175, rel=0.1)


@pytest.mark.parametrize("seed", [0, 2**31, 2**32 - 1])
def test_any_seed_trains(seed, prepared):
    _, history = learn(prepared("binary"), seed, TREES | {"subsample": 0.8, "n_estimators": 2})
    assert history.steps == 2


def test_the_model_does_not_depend_on_threads_or_on_what_is_recorded(prepared):
    data = prepared("binary")
    sampled = TREES | {"subsample": 0.7, "colsample_bytree": 0.7}
    stop = {"metric": "roc_auc"}
    one, first = learn(data, hyperparameters=sampled, early_stopping=stop)
    more = {"threads": 2, "metrics": ["brier"]}
    two, second = learn(data, hyperparameters=sampled, early_stopping=stop, **more)
    assert model_identity(one) == model_identity(two)
    assert first.validation["roc_auc"] == second.validation["roc_auc"]
    assert first.train["log_loss"] == pytest.approx(second.train["log_loss"], rel=1e-12)


def test_a_relevance_beyond_lightgbms_gains_is_refused(prepared):
    data = prepared("ranking")
    data.train_target[0] = 31
    with pytest.raises(DataError, match=r"goes up to 31.*from 0 to 30"):
        learn(data)
