"""A fit that is stopped, in whatever way and however often, ends as one that never was."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from functools import cache

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.training import trainer
from experiment_cycle.training.checkpoints import CheckpointFolder
from experiment_cycle.training.identity import model_identity
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.trainer import check_hyperparameters, fit, prepare, train_model

TASKS = {
    "binary": "classification",
    "multiclass": "classification",
    "regression": "regression",
    "ranking": "ranking",
}
TREES = {"n_estimators": 12, "num_leaves": 5, "learning_rate": 0.2}
LEARNERS = {
    "lightgbm": ("lightgbm", TREES),
    "lightgbm columns": ("lightgbm", TREES | {"colsample_bytree": 0.5}),
    "lightgbm rows": ("lightgbm", TREES | {"subsample": 0.6}),
    "lightgbm both": ("lightgbm", TREES | {"subsample": 0.4, "colsample_bytree": 0.7}),
    "sgd": ("sgd", {"epochs": 8, "batch_size": 120}),
    "sgd optimal": ("sgd", {"epochs": 8, "batch_size": 120, "learning_rate": "optimal"}),
    "mlp": ("mlp", {"epochs": 8, "batch_size": 60, "hidden_layers": [6]}),
}


class Killed(BaseException):
    """Stands for the end of a process, where it is too slow to have one."""


@pytest.fixture(scope="module")
def table():
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(360, 4)), columns=list("abcd"))
    frame["letter"] = draw.choice(["x", "y", "z"], 360)
    frame.loc[draw.random(360) < 0.1, "a"] = np.nan
    score = frame["a"].fillna(0) * frame["b"] + (frame["letter"] == "x") + draw.normal(size=360)
    frame["weight"] = draw.random(360) + 0.2
    frame["query"] = np.sort(draw.integers(0, 30, 360))
    frame["binary"] = score > score.median()
    frame["multiclass"] = pd.qcut(score, 3, labels=["low", "middle", "high"]).astype(str)
    frame["regression"] = 1000 + 50 * score
    frame["ranking"] = pd.qcut(score, 3, labels=False)
    frame.index.name = ROW
    return frame


@pytest.fixture(scope="module")
def matrices(problem):
    """What is prepared of a problem, once for each estimator."""

    @cache
    def make(estimator, kind, weighted):
        return prepare(estimator, *problem(kind, weighted), options(), TASKS[kind])

    return make


@pytest.fixture(scope="module")
def problem(table):
    """Tables and columns of one problem, weighted or not."""

    def make(kind, weighted=False):
        columns = Columns(
            target=kind,
            query="query",
            weight="weight" if weighted else None,
            drop=[
                name for name in (*TASKS, "weight") if name not in {kind, "weight"[: 9 * weighted]}
            ],
        )
        return table[:240], table[240:], columns

    return make


def options(**changes):
    return TrainingOptions.model_validate(
        {"early_stopping": {"patience": 8}, "checkpoints": {"every": 3}, **changes}
    )


@pytest.mark.parametrize("kind", TASKS)
@pytest.mark.parametrize("learner", LEARNERS)
def test_stops_at_random_steps_change_neither_curves_nor_model(learner, kind, matrices, tmp_path):
    estimator, hyperparameters = LEARNERS[learner]
    prepared = matrices(estimator, kind, weighted=estimator != "lightgbm")
    chosen = options()
    checked = check_hyperparameters(estimator, hyperparameters, chosen)

    def run(checkpoints=None, steps=None):
        done = 0

        def on_step(present, best):
            nonlocal done
            done += 1
            if done == steps:
                raise Killed

        fitted, history = fit(
            *(estimator, prepared, checked, chosen, 5), on_step=on_step, checkpoints=checkpoints
        )
        return model_identity(fitted.estimator), history

    draw = np.random.default_rng([len(learner), len(kind)])
    folder = CheckpointFolder(tmp_path, "k", int(draw.integers(1, 4)))
    for steps in draw.integers(2, 4, size=2):
        with pytest.raises(Killed):
            run(folder, int(steps))
        folder = CheckpointFolder(tmp_path, "k", int(draw.integers(1, 4)))
    assert run(folder) == run()


def killing(steps):
    """Make a progress bar that kills its own process after so many steps."""

    @contextmanager
    def bar(label, total, done=0):
        count = 0

        def advance(present, best):
            nonlocal count
            count += 1
            if count == steps:
                os.kill(os.getpid(), signal.SIGKILL)

        yield advance

    return bar


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("learner", ["lightgbm both", "sgd", "mlp"])
def test_kill_9_and_a_rerun_end_as_if_nothing_had_happened(learner, problem, tmp_path, monkeypatch):
    estimator, hyperparameters = LEARNERS[learner]
    train, validation, columns = problem("binary", weighted=True)

    def run(folder=None):
        return train_model(
            *(estimator, hyperparameters, train, validation, columns, options()),
            *("classification", 5, folder),
        )

    def is_killed(steps):
        child = os.fork()
        if child == 0:
            try:
                monkeypatch.setattr(trainer, "progress_bar", killing(steps))
                run(tmp_path)
            finally:
                os._exit(1)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL

    assert is_killed(4)
    assert is_killed(1)
    resumed, whole = run(tmp_path), run()
    assert resumed.history == whole.history
    assert model_identity(resumed.model) == model_identity(whole.model)
    # they stay until the model is stored: a kill before that would cost the whole training
    assert any(tmp_path.rglob("*.ckpt"))
    assert run(tmp_path).history == whole.history


def test_the_bar_and_the_log_say_where_training_goes_on(problem, tmp_path, monkeypatch, caplog):
    shown = []

    @contextmanager
    def bar(label, total, done=0):
        shown.append((label, total, done))
        yield lambda present, best: None

    monkeypatch.setattr(trainer, "progress_bar", bar)
    for _ in range(2):
        with caplog.at_level("INFO"):
            train_model(
                *("lightgbm", TREES, *problem("regression"), options()),
                *("regression", 5, tmp_path),
            )
    label = "lightgbm, rmse"
    assert shown == [(label, 12, 0), (label, 12, 9)]
    assert caplog.text.count("goes on after step 9") == 1


def test_ctrl_c_keeps_the_step_and_the_rerun_goes_on(problem, tmp_path, monkeypatch):
    def run(folder=None):
        return train_model(
            *("sgd", LEARNERS["sgd"][1], *problem("binary"), options(checkpoints={"every": 100})),
            *("classification", 5, folder),
        )

    @contextmanager
    def bar(label, total, done=0):
        yield lambda present, best: signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(trainer, "progress_bar", bar)
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                run(tmp_path)
    kept = sorted(file.name for file in tmp_path.rglob("*.ckpt"))
    assert kept == ["step_000001.ckpt", "step_000002.ckpt"]
    assert run(tmp_path).history == run().history


def test_another_seed_is_another_fit_and_removes_what_the_first_left(problem, tmp_path):
    def run(seed, folder):
        return train_model(
            *("sgd", LEARNERS["sgd"][1], *problem("binary"), options()),
            *("classification", seed, folder),
        )

    run(1, tmp_path)
    (first,) = tmp_path.iterdir()
    assert run(2, tmp_path).history == run(2, None).history
    (second,) = tmp_path.iterdir()
    assert first.name != second.name


@pytest.mark.parametrize(
    ("estimator", "changes"), [("linear", {}), ("sgd", {"checkpoints": {"every": None}})]
)
def test_nothing_is_kept_where_it_makes_no_sense_or_is_not_wanted(
    estimator, changes, problem, tmp_path
):
    train_model(
        *(estimator, {}, *problem("binary"), options(**changes)), *("classification", 5, tmp_path)
    )
    assert not list(tmp_path.iterdir())
