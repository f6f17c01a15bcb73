"""Online sweeps: the real package, against a server of the tests' own."""

from __future__ import annotations

import importlib
import json
import os
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("wandb")
pytest.importorskip("sweeps")

from tests.tuning.wandb_objectives import Stepwise, in_three_steps, loud
from tests.wandb_server import ENTITY, KEY, WandbServer

from experiment_cycle.errors import BackendError
from experiment_cycle.testing.objectives import (
    Deadly,
    constant,
    endless,
    fragile,
    squared,
)
from experiment_cycle.testing.studies import SPACE, a_study
from experiment_cycle.tuning.contract import Halving
from experiment_cycle.tuning.options import WandbOptions
from experiment_cycle.tuning.spaces import contains, grid
from experiment_cycle.tuning.store import predictions_file
from experiment_cycle.tuning.wandb_sweeps import online
from experiment_cycle.tuning.wandb_sweeps.tuner import WandbTuner

ROOT = Path(__file__).parents[2]
INSIDE = {"depth": 3, "layers": (8,), "rate": 0.1, "way": 2}
pytestmark = pytest.mark.slow


@pytest.fixture
def server(monkeypatch):
    server = WandbServer()
    monkeypatch.setenv("WANDB_BASE_URL", server.url)
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    yield server
    server.close()


@pytest.fixture
def search(tmp_path, monkeypatch):
    # agents import the tests' objectives by their names, whichever way pytest was started
    monkeypatch.syspath_prepend(str(ROOT))

    def run(objective=squared, seen=None, wait_seconds=60.0, **changes):
        options = WandbOptions(mode="online", project="visits", wait_seconds=wait_seconds)
        on_trial = (lambda trial: None) if seen is None else seen.append
        space = changes.pop("space", SPACE)
        study = replace(a_study(**changes), space=space)
        return WandbTuner(tmp_path, options).run(study, objective, on_trial)

    return run


def files_with(key, folder):
    files = [file for file in folder.rglob("*") if file.is_file()]
    return [file for file in files if key.encode() in file.read_bytes()]


def log_named_in(caught):
    (named,) = re.findall(r"What its agents have printed is in (.*)\.$", caught.value.message)
    return Path(named).read_text("utf-8")


def test_the_server_chooses_two_agents_run_and_a_rerun_goes_on(server, search, tmp_path, capfd):
    before = dict(os.environ)
    seen = []
    # of a share of 1/9, 1/3 and all of the rows, as estimators without steps are searched
    shares = {"method": "hyperband", "halving": Halving((1, 2), 3), "first": INSIDE}
    searched = search(in_three_steps, seen, trials=4, workers=2, **shares)
    assert [trial.number for trial in searched.trials] == [0, 1, 2, 3]
    assert sorted(trial.number for trial in seen) == [0, 1, 2, 3]
    assert searched.trials[0].parameters == INSIDE
    assert searched.stopped_because == "All 4 trials were run."
    assert any("W&B's server" in caveat for caveat in searched.caveats)
    (sweep,) = server.sweeps.values()
    rule = {"type": "hyperband", "max_iter": 9, "s": 2, "eta": 3}
    assert sweep.configuration["early_terminate"] == rule
    handed_out = {run.summary["trial"]: run for run in server.of_sweep()}
    for trial in searched.trials[1:]:
        assert contains(SPACE, trial.parameters)
        run = handed_out[trial.number]
        assert (run.config["rate"]["value"], run.exit_code) == (trial.value, 0)
        two, rate, last = trial.curve
        assert [row["value"] for row in run.history] == [two, *[rate] * 2, *[last] * 6]
        assert run.summary["value"] == trial.value
        assert predictions_file(tmp_path / ("k" * 64), trial.number).exists()
    # the sweep knows of the configuration itself, which lies in the space
    assert len(sweep.prior_runs) == 1
    assert server.runs[sweep.prior_runs[0]].summary["trial"] == 0
    search(in_three_steps, seen, trials=5, **shares)
    assert [trial.number for trial in seen][4:] == [4]
    assert list(server.sweeps.values()) == [sweep]
    assert len(server.of_sweep()) == 4
    kept = json.loads((tmp_path / ("k" * 64) / "sweep.json").read_text())
    assert kept == {"sweep": f"{ENTITY}/visits/{sweep.name}"}
    # what W&B's agent changes and prints stays with its process
    assert dict(os.environ) == before
    assert capfd.readouterr() == ("", "")
    assert files_with(KEY, tmp_path) == []


def test_a_stop_of_the_server_s_ends_a_trial_at_its_next_step(server, search):
    server.stops.add("run1")
    trials = search(Stepwise(0.03), trials=3).trials
    assert [trial.state for trial in trials] == ["complete", "pruned", "complete"]
    steps = len(trials[1].curve)
    assert 0 < steps < 27
    assert trials[1].reason == f"After step {steps} W&B's server stopped it."
    assert trials[1].value is not None
    assert not server.sweeps["sweep1"].prior_runs


def test_a_grid_ends_and_points_that_conditions_make_equal_are_tried_once(server, search):
    way = SPACE["way"].model_copy(update={"choices": ("left", 2)})
    width = SPACE["width"].model_copy(update={"step": 1.0, "when": {"way": ("left",)}})
    space = {"way": way, "width": width}
    points = grid(space)
    searched = search(constant, method="grid", trials=100, first=None, space=space)
    tried = [repr(trial.parameters) for trial in searched.trials]
    assert sorted(tried) == sorted(map(repr, points))
    handed_out = server.of_sweep()
    assert (len(points), len(handed_out)) == (3, 4)
    assert all(run.exit_code == 0 and run.summary["value"] == 1.0 for run in handed_out)
    assert searched.stopped_because == (
        "W&B's server had no more trials: 3 configurations were tried."
    )


def test_failed_trials_and_a_killed_agent_do_not_end_the_search(server, search, tmp_path):
    """The trial that it was at is done again by another one."""
    deadly = Deadly(tmp_path, numbers=(3,), times=1, step=2, objective=fragile)
    trials = search(deadly, trials=4).trials
    assert [trial.state for trial in trials] == ["complete", "failed", "failed", "complete"]
    assert trials[1].reason == "MemoryError: too large"
    assert len(server.sweeps) == 1
    assert sorted(str(run.exit_code) for run in server.of_sweep()) == ["0", "1", "1", "None"]


def test_agents_that_die_again_and_again_end_the_search(server, search, tmp_path, monkeypatch):
    monkeypatch.setattr(online, "DEATHS", 0)
    deadly = Deadly(tmp_path, numbers=(0,), times=9, objective=loud)
    with pytest.raises(BackendError, match=r"1 agents died, the last one with code -9\.") as caught:
        search(deadly, trials=3)
    assert "trial 0 begins" in log_named_in(caught).splitlines()


def test_an_agent_that_cannot_begin_says_why(search, server, tmp_path, monkeypatch):
    monkeypatch.setattr(online, "DEATHS", 0)
    (tmp_path / "only_here.py").write_text("def measure(attempt):\n    return 1.0\n")
    with monkeypatch.context() as changed:
        changed.syspath_prepend(str(tmp_path))
        measure = importlib.import_module("only_here").measure
    why = "ModuleNotFoundError: No module named 'only_here'"
    with pytest.raises(BackendError, match=rf"died, the last one with code 1 \({why}\)") as caught:
        search(measure, trials=3)
    assert f"{why}\n" in log_named_in(caught)


def test_the_time_that_is_up_ends_the_search(server, search):
    searched = search(endless, trials=9, seconds=3.0)
    assert [trial.number for trial in searched.trials] == [0]
    assert searched.stopped_because.startswith("The time was up")
    asked = len(server.operations)
    again = search(endless, trials=9, seconds=3.0)
    assert again.trials == searched.trials
    assert len(server.operations) == asked


def test_what_is_finished_is_kept_on_ctrl_c_and_nobody_else_searches_meanwhile(server, search):
    class Interrupting(list):
        def append(self, trial):
            with pytest.raises(BackendError, match="searched by another process"):
                search(trials=2)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search(seen=Interrupting(), trials=3)
    seen = []
    assert len(search(seen=seen, trials=1).trials) == 1
    assert seen == []


def test_a_server_that_hands_nothing_out_is_not_waited_for_for_ever(server, search):
    server.is_paused = True
    with pytest.raises(BackendError, match=r"no trial for 3 seconds.*may be paused.*Next step"):
        search(trials=3, first=None, wait_seconds=3.0)


def test_a_sweep_that_was_deleted_is_an_error_that_names_the_file(server, search, tmp_path):
    kept = tmp_path / ("k" * 64) / "sweep.json"
    kept.parent.mkdir()
    kept.write_text('{"sweep": "somebody/visits/gone"}')
    with pytest.raises(BackendError, match=r"not found.*delete .*sweep\.json if the sweep is gone"):
        search(trials=3, first=None)


def test_without_a_key_nothing_is_asked(server, search, monkeypatch):
    monkeypatch.delenv("WANDB_API_KEY")
    with pytest.raises(BackendError, match=r"WANDB_API_KEY is not set.*offline"):
        search(trials=2)
    assert server.operations == []


@pytest.mark.parametrize("what", ["key", "server"])
def test_a_wrong_key_and_a_server_that_is_not_there_are_told_within_seconds(
    what, server, search, tmp_path, monkeypatch
):
    wrong = KEY[::-1] if what == "key" else KEY
    monkeypatch.setenv("WANDB_API_KEY", wrong)
    server.is_gone = what == "server"
    started = time.monotonic()
    with pytest.raises(BackendError, match=r"Next step: check WANDB_API_KEY, WANDB_BASE") as caught:
        search(trials=2)
    assert time.monotonic() - started < 60
    assert wrong not in caught.value.message
    assert files_with(wrong, tmp_path) == []


def test_a_server_that_goes_away_in_the_midst_is_an_error_and_trials_are_kept(
    server, search, tmp_path
):
    class Leaving(list):
        def append(self, trial):
            server.is_gone = trial.number == 1

    with pytest.raises(BackendError, match="cannot go on"):
        search(seen=Leaving(), trials=4, wait_seconds=6.0)
    kept = WandbTuner(tmp_path).finished(a_study(trials=4))
    assert [trial.number for trial in kept] == [0, 1]
