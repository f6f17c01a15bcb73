from __future__ import annotations

import json
import random
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("wandb")
pytest.importorskip("sweeps")

from sweeps import next_run

from experiment_cycle.backends import load_backend
from experiment_cycle.errors import BackendError, ConfigurationError
from experiment_cycle.testing.objectives import squared
from experiment_cycle.testing.studies import HALVING, SPACE, a_study
from experiment_cycle.testing.tuners import TunerContract
from experiment_cycle.tuning.options import WandbOptions
from experiment_cycle.tuning.stopping import Progress
from experiment_cycle.tuning.wandb_sweeps.algorithms import SweepsChoice, SweepsStopping
from experiment_cycle.tuning.wandb_sweeps.configuration import (
    parameters_read,
    sweep_configuration,
)
from experiment_cycle.tuning.wandb_sweeps.tuner import WandbTuner
from experiment_cycle.wandb_sdk import quiet_settings, wandb

OFFLINE = """
import sys
from pathlib import Path
from experiment_cycle.testing.objectives import squared
from experiment_cycle.testing.studies import a_study
from experiment_cycle.tuning.wandb_sweeps.tuner import WandbTuner

WandbTuner(Path(sys.argv[1])).run(a_study("hyperband", 4), squared, lambda trial: None)
"""


@pytest.mark.slow
class TestWandbTuner(TunerContract):
    backend = "wandb"
    methods = ("bayesian",)
    most_workers = 2
    parts = (3, 8)


def run(folder, objective=squared, **changes):
    return WandbTuner(folder).run(a_study(**changes), objective, lambda trial: None).trials


def runs_of(folder):
    return sorted(folder.glob("*/wandb/offline-run-*"))


def read(run_folder):
    """Read an offline run with W&B's own program: its first record, history and summary."""
    inspect = [str(Path(sys.executable).with_name("wandb")), "leet", "inspect", "--json"]
    told = subprocess.run([*inspect, str(run_folder)], check=True, capture_output=True, text=True)
    records = [json.loads(line) for line in told.stdout.splitlines()]
    of_type = {
        kind: [record[kind] for record in records if record["type"] == kind]
        for kind in ("run", "history", "summary", "exit")
    }
    summary: dict[str, object] = {}
    for part in of_type["summary"]:
        summary |= part["update"]
    (begun,), (ended,) = of_type["run"], of_type["exit"]
    return begun, [row["item"] for row in of_type["history"]], summary, ended["exit_code"]


def test_it_is_found_by_its_name():
    assert load_backend("tuners", "wandb") is WandbTuner


@pytest.mark.parametrize("missing", ["sweeps", "wandb"])
def test_without_its_packages_the_message_says_how_to_install_them(missing, monkeypatch):
    for name in list(sys.modules):
        if name.startswith(("experiment_cycle.tuning.wandb_sweeps", "experiment_cycle.wandb_sdk")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(BackendError, match=rf"'{missing}'.*pip install .experiment-cycle\[wandb\]"):
        load_backend("tuners", "wandb")


def test_it_chooses_what_w_and_b_chooses():
    study = a_study("random", first=None)
    random.seed(int(np.random.SeedSequence([study.seed, 3]).generate_state(2)[0]))
    drawn = next_run(sweep_configuration(study), [])
    values = {name: held["value"] for name, held in drawn.config.items()}
    assert SweepsChoice(study).choose(3) == parameters_read(values, SPACE)


def test_the_generators_it_draws_from_are_left_as_they_were():
    before = random.getstate(), repr(np.random.get_state())
    choice = SweepsChoice(a_study("bayesian", first=None))
    for number in range(3):
        choice.choose(number)
    assert (random.getstate(), repr(np.random.get_state())) == before


def test_a_name_that_w_and_b_does_not_take_is_refused():
    study = replace(a_study(first=None), space={"a b": SPACE["rate"]})
    with pytest.raises(ConfigurationError, match=r"does not take this search space.*'a b'"):
        SweepsChoice(study)


@pytest.mark.parametrize(("own", "goes_on"), [(0.05, True), (0.4, True), (0.55, False)])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_of_six_trials_the_best_three_go_on_at_a_third(own, goes_on, sign):
    """W&B's bound is the value at place 6 / 3, counted from 0, and who reaches it goes on."""
    others = [0.1, 0.2, 0.5, 0.6, 0.7]
    earlier = [Progress(place, (2 * sign, 1 * sign, v * sign)) for place, v in enumerate(others)]
    stopping = SweepsStopping(HALVING, greater_is_better=sign < 0)
    reason = stopping.reason(5, (2 * sign, 1 * sign, own * sign), earlier)
    bound = sorted([*others, own])[2] * sign
    if goes_on:
        assert reason is None
    else:
        assert reason is not None
        assert f"After step 3 its best value was worse than {bound:g}" in reason


def test_a_run_holds_what_is_known_of_its_trial(tmp_path):
    def objective(attempt):
        if attempt.number == 2:
            raise MemoryError("too large")
        # its value is not that of its last step
        for step, value in enumerate((0.5, 0.25, 0.75), start=1):
            attempt.report(step, value)
        return 0.25

    options = WandbOptions(project="visits", entity="team")
    study = a_study(trials=3, metric="loss")
    trials = WandbTuner(tmp_path, options).run(study, objective, lambda trial: None).trials
    written = runs_of(tmp_path)
    assert [path.name.rpartition("-")[2] for path in written] == [*"012"]
    begun, history, summary, exit_code = read(written[1])
    config = {name: value for name, value in begun["config"]["update"].items() if name[0] != "_"}
    assert config == json.loads(json.dumps(trials[1].parameters))
    assert (begun["display_name"], begun["run_group"]) == ("trial 1", "k" * 12)
    assert (begun["project"], begun["entity"]) == ("visits", "team")
    assert socket.gethostname() not in json.dumps(begun)
    assert [(row["_step"], row["loss"]) for row in history] == [(1, 0.5), (2, 0.25), (3, 0.75)]
    assert (summary["loss"], summary["state"], exit_code) == (0.25, "complete", 0)
    begun, _, summary, exit_code = read(written[2])
    assert (summary["state"], summary["reason"]) == ("failed", "MemoryError: too large")
    assert ("loss" in summary, begun["tags"], exit_code) == (False, ["failed"], 1)


def test_a_rerun_writes_the_runs_that_are_missing_and_no_run_twice(tmp_path):
    run(tmp_path, trials=3)
    first, lost, _ = runs_of(tmp_path)
    for file in sorted(lost.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    lost.rmdir()
    before = first.stat().st_mtime_ns
    run(tmp_path, trials=5)
    again = runs_of(tmp_path)
    numbers = sorted(path.name.rpartition("-")[2] for path in again)
    assert numbers == [*"01234"]
    assert first in again
    assert first.stat().st_mtime_ns == before
    assert not list(tmp_path.glob("*/.run-*"))


def test_nothing_is_printed_and_an_open_run_of_somebody_else_s_goes_on(tmp_path, capfd):
    settings = quiet_settings()
    with wandb.init(mode="offline", dir=tmp_path, settings=settings) as other:
        (tmp_path / "studies").mkdir()
        run(tmp_path / "studies", trials=2)
        other.log({"x": 1}, commit=True)
        assert wandb.run is other
    _, history, _, _ = read(next((tmp_path / "wandb").glob("offline-run-*")))
    assert [row["x"] for row in history] == [1]
    assert capfd.readouterr() == ("", "")


def test_runs_that_cannot_be_written_are_an_error_and_are_written_later(tmp_path):
    blocked = tmp_path / ("k" * 64)
    blocked.mkdir()
    (blocked / "wandb").write_text("not a folder")
    with pytest.raises(BackendError, match=r"offline runs .*wandb cannot be written.*Next step"):
        run(tmp_path, trials=2)
    (blocked / "wandb").unlink()
    run(tmp_path, trials=2)
    assert len(runs_of(tmp_path)) == 2


@pytest.mark.parametrize("reports_errors", [False, True])
def test_offline_nothing_is_sent(tmp_path, monkeypatch, reports_errors):
    """Whatever W&B might send would come here. It does, where its reports of errors are not off."""
    calls = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def listen():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                calls.append(connection.recv(99))
                connection.close()

        threading.Thread(target=listen, daemon=True).start()
        monkeypatch.setenv("WANDB_BASE_URL", f"http://127.0.0.1:{listener.getsockname()[1]}")
        monkeypatch.delenv("WANDB_ERROR_REPORTING")
        if reports_errors:
            monkeypatch.setenv("WANDB_ERROR_REPORTING", "true")
        command = [sys.executable, "-c", OFFLINE, str(tmp_path)]
        subprocess.run(command, check=True, capture_output=True)
        listener.shutdown(socket.SHUT_RDWR)
    assert len(runs_of(tmp_path)) == 4
    assert bool(calls) == reports_errors
