from __future__ import annotations

import io
import logging

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sklearn.metrics import log_loss, roc_auc_score

from experiment_cycle.columns import Columns
from experiment_cycle.errors import BackendError, ConfigurationError, DataError, IntegrityError
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.trainer import prepare, train_model
from experiment_cycle.tuning.objective import share_of
from experiment_cycle.tuning.options import TuningOptions
from experiment_cycle.tuning.undefined import UndefinedMetric

FIXED = ["trial", "state", "value", "duration_seconds", "steps", "reason"]
TRAINING = TrainingOptions.model_validate({"estimators": {"lightgbm": {"n_estimators": 15}}})


def journals(folder):
    return list((folder / "studies").glob("*.journal"))


def without_durations(trials):
    return trials.drop(columns="duration_seconds")


def test_without_a_search_the_configured_hyperparameters_pass(run_search):
    found = run_search(method="none")
    assert found.hyperparameters == TRAINING.hyperparameters("lightgbm")
    assert found.trials.empty
    assert found.curves.empty
    assert not found.record.searched
    space = TuningOptions(method="random").space(TRAINING)
    assert list(found.trials.columns) == [*FIXED, *space]
    written = io.StringIO(found.trials.to_csv(index=False))
    assert list(pd.read_csv(written).columns) == list(found.trials.columns)


@pytest.mark.parametrize("method", ["grid", "random", "bayesian", "hyperband"])
@pytest.mark.parametrize("estimator", ["lightgbm", "linear"])
def test_every_trial_lies_in_its_space_and_the_first_is_as_configured(
    method, estimator, run_search
):
    training = {"estimator": estimator, "estimators": {"lightgbm": {"n_estimators": 15}}}
    found = run_search(training, method=method, trials=13)
    settings = TrainingOptions.model_validate(training)
    space = TuningOptions(method=method, trials=13).space(settings)
    trials = found.trials
    assert list(trials.columns) == [*FIXED, *space]
    assert trials["trial"].tolist() == list(range(len(trials)))
    configured = settings.hyperparameters(estimator)
    for name, allowed in space.items():
        assert trials[name][0] == configured[name]
        assert trials[name][1:].between(allowed.low, allowed.high).all()
        assert trials[name].nunique() > 1
    complete = trials[trials["state"] == "complete"]
    chosen = complete.loc[complete["value"].idxmin()]
    assert {name: found.hyperparameters[name] for name in space} == dict(chosen[list(space)])
    assert found.record.best_trial == chosen["trial"]
    assert found.record.default_value == trials["value"][0]


@pytest.mark.parametrize(
    ("metric", "oracle", "pick"), [("log_loss", log_loss, "min"), ("roc_auc", roc_auc_score, "max")]
)
def test_the_best_trial_is_what_the_final_training_reaches(
    metric, oracle, pick, run_search, tables, columns
):
    found = run_search(metric=metric, trials=4)
    trials, best = found.trials, found.hyperparameters
    model = train_model("lightgbm", best, *tables, columns, TRAINING, "classification", 7).model
    reached = oracle(tables[1]["outcome"], model.predict_proba(tables[1])[:, 1])
    assert reached == pytest.approx(getattr(trials["value"], pick)(), rel=1e-9)


def test_early_stopping_still_decides_the_rounds_of_the_final_training(run_search):
    best = run_search().hyperparameters
    assert best["n_estimators"] == 15
    assert best["subsample"] == 1.0


def test_choices_are_drawn_as_they_are_written(run_search):
    space = {"num_leaves": {"type": "categorical", "choices": [4, 9]}}
    trials = run_search(spaces={"lightgbm": space}, trials=7, method="random").trials
    assert set(trials["num_leaves"][1:]) == {4, 9}


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
    estimators = {"lightgbm": {"n_estimators": 15}, "sgd": {"epochs": 20}}
    training = {"estimator": estimator, "estimators": estimators}
    found = run_search(training, data=frames, task=task, roles=roles, trials=3)
    trials, best = found.trials, found.hyperparameters
    assert (trials["state"] == "complete").all()
    settings = TrainingOptions.model_validate(training)
    trained = train_model(estimator, best, *frames, roles, settings, task, 7)
    curve = trained.history.validation[trained.history.loss]
    reached = curve[(trained.history.best_step or 1) - 1]
    pick = trials["value"].max() if task == "ranking" else trials["value"].min()
    assert reached == pytest.approx(pick, rel=1e-6)


@pytest.mark.parametrize("method", ["bayesian", "hyperband"])
def test_a_search_in_parts_equals_one_in_one_go(method, run_search, tmp_path):
    whole = run_search(method=method, trials=14, folder=tmp_path / "whole")
    for trials in (3, 8, 12):
        run_search(method=method, trials=trials, workers=2)
    parts = run_search(method=method, trials=14)
    assert_frame_equal(
        without_durations(whole.trials), without_durations(parts.trials), check_exact=True
    )
    assert_frame_equal(whole.curves, parts.curves, check_exact=True)
    assert whole.hyperparameters == parts.hyperparameters
    assert whole.record.honest == parts.record.honest
    assert (whole.record.earlier, parts.record.earlier) == (0, 12)


def test_a_finished_search_adds_no_trial(run_search, tmp_path, caplog):
    first = run_search(trials=4)
    (journal,) = journals(tmp_path)
    before = journal.read_bytes()
    with caplog.at_level(logging.INFO, logger="experiment_cycle"):
        again = run_search(trials=4)
    assert "4 of 4 trials are there from an earlier run" in caplog.text
    assert_frame_equal(first.trials, again.trials)
    assert first.hyperparameters == again.hyperparameters
    assert journal.read_bytes() == before


def test_fewer_trials_than_are_kept_give_what_a_short_search_gives(run_search, tmp_path):
    run_search(trials=6)
    cut = run_search(trials=2)
    short = run_search(trials=2, folder=tmp_path / "short")
    assert_frame_equal(without_durations(cut.trials), without_durations(short.trials))
    assert cut.hyperparameters == short.hyperparameters


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
        {"batch": 3},
        {"method": "hyperband"},
        {"method": "hyperband", "hyperband": {"min_resource": 2}},
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
    assert len(journals(tmp_path)) == len(changes)
    assert caplog.text.count("is new") == len(changes)


def test_what_does_not_change_the_outcome_continues_the_search(run_search, tmp_path):
    run_search(trials=1)
    block = {"n_estimators": 15}
    recorded = {"metrics": ["brier"], "checkpoints": {"every": 3}, "seeds": 4}
    run_search({"threads": 2, "estimators": {"lightgbm": block}, **recorded}, trials=2)
    # spelled out, it is the same metric
    run_search(trials=3, metric="log_loss", workers=3, seconds=1000.0)
    assert len(journals(tmp_path)) == 1


def test_a_failed_trial_is_kept_and_the_search_goes_on(run_search, caplog):
    # precision is not defined where no row is called positive: trees that cannot split at all
    space = {"min_child_samples": {"type": "categorical", "choices": [5, 10000]}}
    tables = no_positive_majority()
    with caplog.at_level(logging.WARNING, logger="experiment_cycle"):
        found = run_search(metric="precision", spaces={"lightgbm": space}, trials=8, data=tables)
    trials = found.trials
    failed = trials["min_child_samples"] == 10000
    assert failed.any()
    assert not failed.all()
    assert (trials.loc[failed, "state"] == "failed").all()
    assert trials.loc[failed, "value"].isna().all()
    assert (trials.loc[~failed, "state"] == "complete").all()
    assert found.hyperparameters["min_child_samples"] in {5, 20}
    assert (found.record.failed, found.record.complete) == (failed.sum(), (~failed).sum())
    assert "the metric is nan" in caplog.text


def test_all_trials_failed_is_an_error_with_the_first_cause(run_search):
    space = {"min_child_samples": {"type": "categorical", "choices": [9000, 10000]}}
    training = {"estimators": {"lightgbm": {"n_estimators": 15, "min_child_samples": 9500}}}
    with pytest.raises(ConfigurationError, match=r"All 2 trials failed.*the metric is nan"):
        run_search(
            training,
            metric="precision",
            spaces={"lightgbm": space},
            trials=2,
            data=no_positive_majority(),
        )


def test_hyperband_stops_trials_of_learners_in_steps(run_search):
    found = run_search({"estimator": "sgd", "estimators": {"sgd": {"epochs": 30}}}, **HYPERBAND)
    trials = found.trials
    pruned = trials[trials["state"] == "pruned"]
    assert len(pruned) > 0
    assert set(pruned["steps"]) <= {1, 3, 9}
    assert pruned["reason"].str.startswith("After step").all()
    assert found.record.pruned == len(pruned)
    assert trials["state"][found.record.best_trial] == "complete"
    lengths = found.curves.groupby("trial").size()
    assert lengths.tolist() == trials["steps"].tolist()
    best = found.curves.groupby("trial")["value"].min()
    complete = trials["state"] == "complete"
    assert best[complete].tolist() == pytest.approx(trials["value"][complete].tolist(), rel=1e-6)


def test_hyperband_of_an_estimator_without_steps_gives_it_more_rows(run_search):
    found = run_search({"estimator": "linear"}, **HYPERBAND)
    assert set(found.trials["steps"]) == {1, 2, 3}
    assert (found.trials["steps"][found.trials["state"] == "complete"] == 3).all()
    plain = run_search({"estimator": "linear"}, method="random", trials=1)
    last = found.curves[(found.curves["trial"] == 0) & (found.curves["step"] == 3)]
    assert last["value"].item() == pytest.approx(plain.trials["value"][0], rel=1e-8)


@pytest.mark.parametrize("task", ["classification", "regression", "ranking"])
def test_shares_of_rows_are_nested_and_hold_every_class_and_whole_queries(task, tables):
    frames = [table.assign(query=[row // 5 for row in range(len(table))]) for table in tables]
    target = "outcome" if task == "classification" else "a"
    frames = [frame.assign(a=(frame["a"] > 0) + (frame["a"] > 1)) for frame in frames]
    roles = Columns(target=target, query="query" if task == "ranking" else None)
    prepared = prepare("linear", *frames, roles, TRAINING, task)
    third, ninth = (share_of(prepared, share, 3) for share in (1 / 3, 1 / 9))
    rows = [{tuple(row) for row in np.asarray(each.train)} for each in (prepared, third, ninth)]
    assert rows[2] < rows[1] < rows[0]
    assert len(third.train) == pytest.approx(100, abs=3)
    assert set(ninth.train_target) == set(prepared.train_target)
    if task == "ranking":
        sizes = np.unique(third.train_query, return_counts=True)[1]
        assert (sizes == 5).all()


def test_time_that_is_up_is_recorded(run_search):
    found = run_search(trials=50, seconds=1e-9)
    assert found.record.stopped_because.startswith("The time was up")
    assert (found.record.trials_asked, found.record.complete) == (50, 1)
    assert found.record.seconds_asked == 1e-9


def test_predictions_that_are_gone_are_named(run_search, tmp_path):
    run_search()
    next((tmp_path / "studies").glob("*/1.npy")).unlink()
    with pytest.raises(IntegrityError, match=r"predictions of trial 1 .*delete the study"):
        run_search()


def test_workers_leave_the_same_study(run_search, tmp_path):
    for estimator in ("lightgbm", "mlp"):
        training = {"estimator": estimator, "estimators": {"mlp": {"epochs": 5}}}
        one = run_search(training, trials=5)
        two = run_search(training, trials=5, workers=3, folder=tmp_path / "others")
        assert_frame_equal(
            without_durations(one.trials), without_durations(two.trials), check_exact=True
        )
        assert one.record.honest == two.record.honest


HYPERBAND = {"method": "hyperband", "trials": 12}


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
        ({"training": {"estimator": "dummy"}}, ConfigurationError, "it is null, and nothing"),
        ({"spaces": {"lightgbm": {}}}, ConfigurationError, "is empty"),
    ],
)
def test_a_search_that_cannot_run_is_refused_and_leaves_nothing(
    wrong, error, message, run_search, tmp_path
):
    with pytest.raises(error, match=message):
        run_search(**wrong)
    assert not (tmp_path / "studies").exists()


def test_a_metric_that_no_trial_has_ends_the_search_after_a_few(run_search, tmp_path):
    own = "tests.metrics.own_scores.fails_on_two_hundred:greater"
    with pytest.raises(DataError, match=r"fails_on_two_hundred.*first 3 trials"):
        run_search(trials=9, primary=own)
    (journal,) = journals(tmp_path)
    assert len(journal.read_text().splitlines()) == 1 + 3

    assert len(run_search(trials=4, primary="average_precision").trials) == 4


def test_a_primary_metric_that_the_best_trial_has_not_is_told_before_the_training(run_search):
    space = {"min_child_samples": {"type": "categorical", "choices": [9000, 10000]}}
    training = {"estimators": {"lightgbm": {"n_estimators": 15, "min_child_samples": 9500}}}
    with pytest.raises(DataError, match=r"'precision' is not defined .* for the best trial"):
        run_search(
            training,
            primary="precision",
            spaces={"lightgbm": space},
            trials=2,
            data=no_positive_majority(),
        )


def test_a_search_that_is_interrupted_says_what_is_kept(run_search, monkeypatch, caplog):
    def interrupt(self, trial):
        if trial.number == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(UndefinedMetric, "look", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_search(trials=5)
    assert "2 of 5 trials are kept" in caplog.text
