"""Workers are processes: begun by a search, or taking part from elsewhere."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pandas as pd
import psutil
import pytest
from scipy import sparse

from experiment_cycle.testing.objectives import Counted, Deadly, Slow, squared
from experiment_cycle.testing.studies import METHODS, a_study, outcomes
from experiment_cycle.tuning.hand_over import read_work, write_work
from experiment_cycle.tuning.optuna import OptunaTuner

SEARCH = """
import os
import sys
from pathlib import Path
from experiment_cycle.testing.objectives import Counted, Deadly, Slow, squared
from experiment_cycle.testing.studies import a_study
from experiment_cycle.tuning.optuna import OptunaTuner

studies, calls = Path(sys.argv[1]), Path(sys.argv[2])
told = []
searched = OptunaTuner(studies).run({study}, {objective}, told.append)
assert sorted(told, key=lambda trial: trial.number) == list(searched.trials)
print(searched.stopped_because)
"""


@pytest.fixture
def calls(tmp_path):
    folder = tmp_path / "calls"
    folder.mkdir()
    return folder


@pytest.fixture
def studies(tmp_path):
    folder = tmp_path / "studies"
    folder.mkdir()
    return folder


def run(folder, study, objective=squared, told=None):
    folder.mkdir(exist_ok=True)
    return OptunaTuner(folder).run(study, objective, (told or []).append).trials


def begin(studies, calls, study, objective, **options):
    script = SEARCH.format(study=study, objective=objective)
    command = [sys.executable, "-c", script, str(studies), str(calls)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


def until(what, seconds=30):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


@pytest.mark.parametrize("method", METHODS)
def test_processes_share_a_study_and_leave_the_trials_of_one_worker(
    method, studies, calls, tmp_path
):
    counted = Counted(calls, Slow(0.005, uneven=True), processes=4)
    told = []
    trials = OptunaTuner(studies).run(a_study(method, 24, workers=4), counted, told.append).trials
    assert outcomes(trials) == outcomes(run(tmp_path / "one", a_study(method, 24)))
    assert counted.calls() == list(range(24))
    assert len(counted.workers()) == 4
    assert sorted(told, key=lambda trial: trial.number) == list(trials)
    assert not list(studies.rglob("*.live"))


@pytest.mark.parametrize(("method", "step"), [("bayesian", 2), ("hyperband", 0)])
def test_a_worker_that_is_killed_loses_nothing(method, step, studies, calls, tmp_path, caplog):
    deadly = Deadly(calls, numbers=(1,), times=1, step=step, spared=os.getpid())
    counted = Counted(calls, deadly, processes=2)
    trials = run(studies, a_study(method, 12, workers=2), counted)
    assert outcomes(trials) == outcomes(run(tmp_path / "one", a_study(method, 12)))
    assert counted.calls() == sorted([*range(12), 1])
    assert "died in trial 1: its process was ended by SIGKILL" in caplog.text


def test_a_trial_that_two_workers_die_of_has_failed_and_the_search_goes_on(studies, calls):
    deadly = Deadly(calls, numbers=(1,), times=9, spared=os.getpid())
    counted = Counted(calls, deadly, processes=2)
    trials = run(studies, a_study("hyperband", 12, workers=2), counted)
    assert [trial.number for trial in trials] == list(range(12))
    assert [trial.number for trial in trials if trial.state == "failed"] == [1]
    assert trials[1].reason.startswith("2 workers died of it: its process was ended by SIGKILL")
    assert counted.calls() == sorted([*range(12), 1])
    assert OptunaTuner(studies).finished(a_study("hyperband", 12, workers=2))[1] == trials[1]


def test_separate_runs_join_one_study(studies, calls, tmp_path):
    objective = "Counted(calls, Slow(0.01, uneven=True), processes=2)"
    pair = [begin(studies, calls, "a_study('hyperband', 24)", objective) for _ in range(2)]
    for each in pair:
        out, err = each.communicate()
        assert (out, err) == ("All 24 trials were run.\n", "")
    counted = Counted(calls)
    assert counted.calls() == list(range(24))
    assert len(counted.workers()) == 2
    found = OptunaTuner(studies).finished(a_study("hyperband", 24))
    assert outcomes(found) == outcomes(run(tmp_path / "one", a_study("hyperband", 24)))


def test_who_waits_for_a_trial_whose_run_has_died_runs_it_itself(studies, calls, tmp_path):
    objective = "Counted(calls, Deadly(calls, numbers=(0,), times=1), processes=2)"
    other = begin(studies, calls, "a_study('hyperband', 12)", objective)
    counted = Counted(calls)
    until(lambda: counted.calls() == [0])
    trials = run(studies, a_study("hyperband", 12), counted)
    assert other.wait() == -signal.SIGKILL
    assert counted.calls() == [0, *range(12)]
    assert outcomes(trials) == outcomes(run(tmp_path / "one", a_study("hyperband", 12)))


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_ended_takes_its_workers_with_it(sign, studies, calls, tmp_path):
    study = a_study("bayesian", 10_000)
    parent = begin(
        *(studies, calls, "a_study('bayesian', 10_000, workers=3)"),
        "Counted(calls, Slow(0.03), processes=3)",
        start_new_session=True,
    )
    counted = Counted(calls)
    until(lambda: len(OptunaTuner(studies).finished(study)) > 8)
    workers = counted.workers()
    assert len(workers) == 3
    # Ctrl-C comes to all processes of a terminal
    os.killpg(parent.pid, sign) if sign == signal.SIGINT else parent.kill()
    _, errors = parent.communicate()
    assert errors.count("Traceback") == (sign == signal.SIGINT)
    until(lambda: not any(map(psutil.pid_exists, workers)))
    kept = {trial.number for trial in OptunaTuner(studies).finished(study)}
    more = a_study("bayesian", max(kept) + 4)
    again = tmp_path / "again"
    again.mkdir()
    trials = run(studies, more, Counted(again))
    assert Counted(again).calls() == sorted(set(range(more.trials)) - kept)
    assert outcomes(trials) == outcomes(run(tmp_path / "one", more))


def test_what_cannot_be_handed_over_is_searched_by_one_worker(studies, tmp_path, caplog):
    def inner(attempt):
        return squared(attempt)

    trials = run(studies, a_study(workers=4), inner)
    assert "one worker, because other processes cannot be begun" in caplog.text
    assert outcomes(trials) == outcomes(run(tmp_path / "one", a_study()))


def test_workers_that_cannot_begin_do_not_stop_the_search(studies, tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    trials = run(studies, a_study(workers=3), Slow(0.2))
    assert "could not go on: its process ended with code 1" in caplog.text
    assert outcomes(trials) == outcomes(run(tmp_path / "one", a_study()))


OWN = """
import os
import time
from pathlib import Path

from sklearn.linear_model import LogisticRegression

SEEN = Path({folder!r})


class Seen(LogisticRegression):
    def fit(self, X, y, sample_weight=None):
        (SEEN / str(os.getpid())).touch()
        until = time.monotonic() + 30
        while len(list(SEEN.iterdir())) < 2 and time.monotonic() < until:
            time.sleep(0.01)
        return super().fit(X, y, sample_weight=sample_weight)
"""


def test_a_class_of_the_user_s_own_is_found_by_workers(run_search, calls, tmp_path, monkeypatch):
    source = tmp_path / "src"
    source.mkdir()
    (source / "seen_by_workers.py").write_text(textwrap.dedent(OWN.format(folder=str(calls))))
    monkeypatch.syspath_prepend(str(source))
    block = {
        "path": "seen_by_workers.Seen",
        "parameters": {"C": 1.0},
        "trusted_types": ["seen_by_workers.Seen"],
    }
    training = {"estimator": "custom", "estimators": {"custom": block}}
    spaces = {"custom": {"parameters.C": {"type": "float", "low": 0.1, "high": 10.0}}}
    found = run_search(training, method="random", trials=6, workers=2, spaces=spaces)
    assert (found.trials["state"] == "complete").all()
    assert len(list(calls.iterdir())) == 2


def test_work_is_handed_over_with_its_arrays_mapped(tmp_path):
    draw = np.random.default_rng(0)
    work = {
        "dense": np.asfortranarray(draw.normal(size=(50, 3))),
        "sparse": sparse.random(40, 30, density=0.2, format="csr", rng=0),
        "table": pd.DataFrame({"a": [1.0, None], "b": pd.array(["x", None])}),
        "empty": np.zeros((0, 4)),
        "other": ("text", None),
    }
    write_work(tmp_path, work)
    found = read_work(tmp_path)
    np.testing.assert_array_equal(found["dense"], work["dense"], strict=True)
    assert found["dense"].flags.f_contiguous
    assert not found["dense"].flags.owndata
    assert (found["sparse"] != work["sparse"]).nnz == 0
    pd.testing.assert_frame_equal(found["table"], work["table"])
    assert found["empty"].shape == (0, 4)
    assert found["other"] == work["other"]
    before = (tmp_path / "arrays.bin").read_bytes()
    found["dense"][0, 0] = 7.0
    assert (tmp_path / "arrays.bin").read_bytes() == before


def test_work_without_arrays_is_handed_over(tmp_path):
    write_work(tmp_path, np.zeros(0))
    assert read_work(tmp_path).shape == (0,)
