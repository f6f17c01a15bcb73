from __future__ import annotations

import io
import logging

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sklearn.metrics import log_loss, roc_auc_score

from experiment_cycle.columns import Columns
from experiment_cycle.errors import BackendError, ConfigurationError
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.trainer import train_model
from experiment_cycle.tuning.options import TuningOptions

FIXED = ["trial", "state", "value", "duration_seconds"]


def without_durations(trials):
    return trials.drop(columns="duration_seconds")


def test_without_a_search_the_configured_hyperparameters_pass(run_search):
    trials, best = run_search(method="none")
    settings = TrainingOptions.model_validate({"estimators": {"lightgbm": {"n_estimators": 15}}})
    assert best == settings.hyperparameters("lightgbm")
    assert trials.empty
    assert list(trials.columns) == [*FIXED, *sorted(TuningOptions().spaces.lightgbm)]
    written = io.StringIO(trials.to_csv(index=False))
    assert list(pd.read_csv(written).columns) == list(trials.columns)


@pytest.mark.parametrize("method", ["random", "bayesian"])
@pytest.mark.parametrize("estimator", ["lightgbm", "linear"])
def test_every_trial_lies_in_its_space(method, estimator, run_search):
    trials, best = run_search({"estimator": estimator}, method=method, trials=13)
    space = TuningOptions().space(estimator)
    assert list(trials.columns) == [*FIXED, *space]
    assert trials["trial"].tolist() == list(range(13))
    for name, allowed in space.items():
        assert trials[name].between(allowed.low, allowed.high).all()
        assert trials[name].nunique() > 1
    chosen = trials.loc[trials["value"].idxmin()]
    assert {name: best[name] for name in space} == {name: chosen[name] for name in space}


@pytest.mark.parametrize(
    ("metric", "oracle", "pick"), [("log_loss", log_loss, "min"), ("roc_auc", roc_auc_score, "max")]
)
def test_the_best_trial_is_what_the_final_training_reaches(
    metric, oracle, pick, run_search, tables, columns
):
    trials, best = run_search(metric=metric, trials=4)
    settings = TrainingOptions.model_validate({"estimators": {"lightgbm": {"n_estimators": 15}}})
    model = train_model("lightgbm", best, *tables, columns, settings, "classification", 7).model
    reached = oracle(tables[1]["outcome"], model.predict_proba(tables[1])[:, 1])
    assert reached == pytest.approx(getattr(trials["value"], pick)(), rel=1e-9)


def test_early_stopping_still_decides_the_rounds_of_the_final_training(run_search):
    _, best = run_search()
    assert best["n_estimators"] == 15
    assert best["subsample"] == 1.0


def test_choices_are_drawn_as_they_are_written(run_search):
    space = {"num_leaves": {"type": "categorical", "choices": [4, 9]}}
    trials, best = run_search(spaces={"lightgbm": space}, trials=6)
    assert set(trials["num_leaves"]) == {4, 9}
    assert best["num_leaves"] in {4, 9}


@pytest.mark.parametrize("estimator", ["lightgbm", "sgd", "linear"])
@pytest.mark.parametrize(
    ("task", "target"),
    [("classification", "three"), ("regression", "number"), ("ranking", "relevance")],
)
def test_every_task_is_searched_by_its_loss(estimator, task, target, run_search, tables):
    frames = [
        table.assign(
            number=table["a"] * 3 + table["b"],
            three=pd.cut(table["a"], [-9, -0.5, 0.5, 9], labels=list("lmh")).astype(str),
            relevance=(table["a"] > 0).astype(int) + (table["a"] > 1),
            query=[row // 5 for row in range(len(table))],
        )
        for table in tables
    ]
    targets = {"outcome", "number", "three", "relevance"}
    roles = Columns(target=target, query="query", drop=tuple(sorted(targets - {target})))
    training = {"estimator": estimator, "estimators": {"lightgbm": {"n_estimators": 15}}}
    trials, best = run_search(training, data=frames, task=task, roles=roles, trials=3)
    assert (trials["state"] == "complete").all()
    settings = TrainingOptions.model_validate(training)
    trained = train_model(estimator, best, *frames, roles, settings, task, 7)
    curve = trained.history.validation[trained.history.loss]
    reached = curve[(trained.history.best_step or 1) - 1]
    pick = trials["value"].max() if task == "ranking" else trials["value"].min()
    assert reached == pytest.approx(pick, rel=1e-6)


@pytest.mark.parametrize("method", ["random", "bayesian"])
def test_a_search_in_parts_equals_one_in_one_go(method, run_search, tmp_path):
    whole, best = run_search(method=method, trials=14, folder=tmp_path / "whole")
    for trials in (3, 8, 12):
        run_search(method=method, trials=trials)
    parts, best_of_parts = run_search(method=method, trials=14)
    assert_frame_equal(without_durations(whole), without_durations(parts), check_exact=True)
    assert best == best_of_parts


def test_a_finished_search_adds_no_trial(run_search, tmp_path, caplog):
    first, best = run_search(trials=4)
    (journal,) = (tmp_path / "studies").iterdir()
    before = journal.read_bytes()
    with caplog.at_level(logging.INFO, logger="experiment_cycle"):
        again, best_again = run_search(trials=4)
    assert "4 of 4 trials are there from an earlier run" in caplog.text
    assert_frame_equal(first, again)
    assert best == best_again
    assert journal.read_bytes() == before


def test_fewer_trials_than_are_kept_give_what_a_short_search_gives(run_search, tmp_path):
    run_search(trials=6)
    cut, best = run_search(trials=2)
    short, best_of_short = run_search(trials=2, folder=tmp_path / "short")
    assert_frame_equal(without_durations(cut), without_durations(short))
    assert best == best_of_short


def test_whatever_changes_the_outcome_starts_a_new_search(run_search, tables, tmp_path, caplog):
    train, validation = tables
    changed = train.copy()
    changed.iloc[0, 0] += 1e-9
    flipped = validation.copy()
    flipped.iloc[0, flipped.columns.get_loc("outcome")] ^= True
    narrow = {"num_leaves": {"type": "int", "low": 4, "high": 8}}
    changes = [
        {},
        {"seed": 8},
        {"method": "random"},
        {"metric": "roc_auc"},
        {"spaces": {"lightgbm": narrow}},
        {"data": (changed, validation)},
        {"data": (train, flipped)},
        {"training": {"estimator": "linear"}},
        {"training": {"early_stopping": {"patience": 3}}},
        {"training": {"estimators": {"lightgbm": {"n_estimators": 15, "reg_alpha": 1.0}}}},
        {"training": {"class_weight": "balanced"}},
        {"training": {"preprocessing": {"categorical": {"encode": "one_hot"}}}},
    ]
    with caplog.at_level(logging.INFO, logger="experiment_cycle"):
        for change in changes:
            run_search(**{"trials": 1, **change})
    assert len(list((tmp_path / "studies").iterdir())) == len(changes)
    assert caplog.text.count("is new") == len(changes)


def test_what_does_not_change_the_outcome_continues_the_search(run_search, tmp_path):
    run_search(trials=1)
    # learning_rate is searched, so its configured value is never used
    block = {"n_estimators": 15, "learning_rate": 0.5}
    recorded = {"metrics": ["brier"], "checkpoints": {"every": 3}, "seeds": 4}
    run_search({"threads": 2, "estimators": {"lightgbm": block}, **recorded}, trials=2)
    # spelled out, it is the same metric
    run_search(trials=3, metric="log_loss")
    assert len(list((tmp_path / "studies").iterdir())) == 1


def test_a_failed_trial_is_kept_and_the_search_goes_on(run_search, caplog):
    # precision is not defined where no row is called positive: trees that cannot split at all
    space = {"min_child_samples": {"type": "categorical", "choices": [5, 10000]}}
    tables = no_positive_majority()
    with caplog.at_level(logging.WARNING, logger="experiment_cycle"):
        trials, best = run_search(
            metric="precision", spaces={"lightgbm": space}, trials=6, data=tables
        )
    failed = trials["min_child_samples"] == 10000
    assert failed.any()
    assert not failed.all()
    assert (trials.loc[failed, "state"] == "failed").all()
    assert trials.loc[failed, "value"].isna().all()
    assert (trials.loc[~failed, "state"] == "complete").all()
    assert best["min_child_samples"] == 5
    assert "the metric is nan" in caplog.text


def test_all_trials_failed_is_an_error_with_the_first_cause(run_search):
    space = {"min_child_samples": {"type": "categorical", "choices": [9000, 10000]}}
    with pytest.raises(ConfigurationError, match=r"All 2 trials failed.*the metric is nan"):
        run_search(
            metric="precision", spaces={"lightgbm": space}, trials=2, data=no_positive_majority()
        )


def no_positive_majority():
    frame = pd.DataFrame({"a": range(300), "outcome": [index % 10 == 0 for index in range(300)]})
    frame["a"] = frame["a"] + 1000 * frame["outcome"]
    return frame[:200], frame[200:]


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"backend": "optun"}, BackendError, "Did you mean 'optuna'"),
        ({"metric": "auc"}, ConfigurationError, "no metric 'auc'"),
        ({"metric": "rmse"}, ConfigurationError, "the task is classification"),
        ({"training": {"estimator": "dummy"}}, ConfigurationError, "dummy is empty"),
        ({"spaces": {"lightgbm": {}}}, ConfigurationError, "is empty"),
    ],
)
def test_a_search_that_cannot_run_is_refused_and_leaves_nothing(
    wrong, error, message, run_search, tmp_path
):
    with pytest.raises(error, match=message):
        run_search(**wrong)
    assert not (tmp_path / "studies").exists()
