from __future__ import annotations

import math
import signal
import subprocess
import sys

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from experiment_cycle.backends import load_backend
from experiment_cycle.errors import IntegrityError
from experiment_cycle.tuning.contract import Study
from experiment_cycle.tuning.options import SearchSpace
from experiment_cycle.tuning.optuna import OptunaTuner

SPACE = {
    "depth": SearchSpace(type="int", low=1, high=100, log=True),
    "rate": SearchSpace(type="float", low=-1.0, high=1.0),
    "way": SearchSpace(type="categorical", choices=("left", 2, 0.5, True)),
}


def study(trials=5, **changes):
    settings = {"method": "random", "greater_is_better": False, "seed": 1, **changes}
    return Study(key="k" * 64, space=SPACE, trials=trials, **settings)


def squared(parameters):
    return (parameters["rate"] - 0.3) ** 2


def run(folder, objective=squared, **changes):
    seen = []
    trials = OptunaTuner(folder).run(study(**changes), objective, seen.append)
    return trials, seen


def test_it_is_found_by_its_name():
    assert load_backend("tuners", "optuna") is OptunaTuner


def test_each_new_trial_is_told_and_kept(tmp_path):
    trials, seen = run(tmp_path)
    assert seen == trials
    assert [trial.number for trial in trials] == [0, 1, 2, 3, 4]
    assert OptunaTuner(tmp_path).finished(study()) == trials
    more, seen = run(tmp_path, trials=7)
    assert more[:5] == trials
    assert seen == more[5:]


def test_nothing_is_kept_of_a_study_that_never_ran(tmp_path):
    assert OptunaTuner(tmp_path).finished(study()) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seed", [0, 2**32 - 1])
@pytest.mark.parametrize("method", ["random", "bayesian"])
def test_the_seed_alone_decides_what_is_tried(method, seed, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, _ = run(tmp_path / "a", method=method, seed=seed, trials=13)
    two, _ = run(tmp_path / "b", method=method, seed=seed, trials=13)
    assert [trial.parameters for trial in one] == [trial.parameters for trial in two]
    assert len({trial.parameters["rate"] for trial in one}) == 13


@pytest.mark.parametrize("greater_is_better", [True, False])
def test_bayesian_search_closes_in_where_random_search_does_not(greater_is_better, tmp_path):
    sign = -1 if greater_is_better else 1
    distance = {}
    for method in ("random", "bayesian"):
        (tmp_path / method).mkdir()
        trials, _ = run(
            tmp_path / method,
            lambda parameters: sign * squared(parameters),
            method=method,
            trials=60,
            greater_is_better=greater_is_better,
        )
        distance[method] = sum(abs(trial.value) for trial in trials[30:])
    assert distance["bayesian"] < 0.5 * distance["random"]


def test_failures_are_kept_with_their_cause_and_do_not_stop_the_search(tmp_path):
    def fragile(parameters):
        if parameters["rate"] > 0:
            raise MemoryError("too large")
        return math.nan if parameters["depth"] > 10 else 1.0

    trials, _ = run(tmp_path, fragile, trials=30)
    causes = {trial.cause for trial in trials}
    assert causes == {"MemoryError: too large", "the metric is nan", None}
    for trial in trials:
        assert (trial.value is None) == (trial.cause is not None)
    assert OptunaTuner(tmp_path).finished(study(trials=30)) == trials


def test_an_interruption_loses_only_the_trial_under_way(tmp_path):
    calls = []

    def interrupted(parameters):
        calls.append(parameters)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return squared(parameters)

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, interrupted)
    assert len(OptunaTuner(tmp_path).finished(study())) == 3
    trials, seen = run(tmp_path)
    assert [trial.number for trial in seen] == [3, 4]
    assert trials[3].parameters == calls[3]


ENDLESS = """
import sys, time
from pathlib import Path
from experiment_cycle.tuning.contract import Study
from experiment_cycle.tuning.optuna import OptunaTuner
from experiment_cycle.tuning.options import SearchSpace

def objective(parameters):
    time.sleep(0.01)
    return (parameters["rate"] - 0.3) ** 2

space = {
    "depth": SearchSpace(type="int", low=1, high=100, log=True),
    "rate": SearchSpace(type="float", low=-1.0, high=1.0),
    "way": SearchSpace(type="categorical", choices=("left", 2, 0.5, True)),
}
study = Study("k" * 64, "bayesian", space, 10000, greater_is_better=False, seed=1)
OptunaTuner(Path(sys.argv[1])).run(study, objective, lambda trial: print(trial.number, flush=True))
"""


def test_finished_trials_survive_the_death_of_the_process(tmp_path):
    (tmp_path / "killed").mkdir()
    (tmp_path / "whole").mkdir()
    command = [sys.executable, "-c", ENDLESS, str(tmp_path / "killed")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        told = [int(next(child.stdout)) for _ in range(12)]
        child.kill()
    assert child.returncode == -signal.SIGKILL
    kept = OptunaTuner(tmp_path / "killed").finished(study(trials=10000))
    assert len(kept) >= len(told)
    trials, seen = run(tmp_path / "killed", method="bayesian", trials=len(kept) + 3)
    assert len(seen) == 3
    whole, _ = run(tmp_path / "whole", method="bayesian", trials=len(kept) + 3)
    assert [(trial.parameters, trial.value) for trial in trials] == [
        (trial.parameters, trial.value) for trial in whole
    ]


@pytest.mark.parametrize("cut", [1, 20])
def test_a_half_written_line_is_dropped_and_its_trial_done_again(cut, tmp_path):
    trials, _ = run(tmp_path)
    (journal,) = tmp_path.iterdir()
    journal.write_bytes(journal.read_bytes()[:-cut])
    assert len(OptunaTuner(tmp_path).finished(study())) == 4
    again, seen = run(tmp_path)
    assert [trial.number for trial in seen] == [4]
    assert [trial.parameters for trial in again] == [trial.parameters for trial in trials]


def test_a_damaged_line_is_named_with_what_to_do(tmp_path):
    run(tmp_path)
    (journal,) = tmp_path.iterdir()
    lines = journal.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2][:10] + b"\n"
    journal.write_bytes(b"".join(lines))
    with pytest.raises(IntegrityError, match=r"Line 3 of the study .* delete the file"):
        run(tmp_path)


def test_optuna_itself_can_read_the_study(tmp_path):
    trials, _ = run(tmp_path)
    (journal,) = tmp_path.iterdir()
    storage = JournalStorage(JournalFileBackend(str(journal)))
    loaded = optuna.load_study(study_name="k" * 64, storage=storage)
    assert [trial.params for trial in loaded.trials] == [trial.parameters for trial in trials]
    assert loaded.best_value == min(trial.value for trial in trials)


def test_optuna_prints_nothing(tmp_path, capfd):
    run(tmp_path, method="bayesian", trials=12)
    assert capfd.readouterr() == ("", "")
