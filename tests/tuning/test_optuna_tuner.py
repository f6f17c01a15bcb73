from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from experiment_cycle.backends import load_backend
from experiment_cycle.errors import BackendError, IntegrityError
from experiment_cycle.testing.objectives import squared
from experiment_cycle.testing.studies import a_study
from experiment_cycle.testing.tuners import TunerContract
from experiment_cycle.tuning.optuna import OptunaTuner
from experiment_cycle.tuning.spaces import SearchSpace


class TestOptunaTuner(TunerContract):
    backend = "optuna"


def run(folder, objective=squared, **changes):
    return OptunaTuner(folder).run(a_study(**changes), objective, lambda trial: None).trials


def journal_of(folder):
    (journal,) = folder.glob("*.journal")
    return journal


def test_it_is_found_by_its_name():
    assert load_backend("tuners", "optuna") is OptunaTuner


def test_nothing_is_kept_of_a_study_that_never_ran(tmp_path):
    assert OptunaTuner(tmp_path).finished(a_study()) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("cut", [1, 20])
def test_a_half_written_line_is_dropped_and_its_trial_done_again(cut, tmp_path):
    trials = run(tmp_path)
    journal = journal_of(tmp_path)
    journal.write_bytes(journal.read_bytes()[:-cut])
    assert len(OptunaTuner(tmp_path).finished(a_study())) == 5
    seen = []
    again = OptunaTuner(tmp_path).run(a_study(), squared, seen.append).trials
    assert [trial.number for trial in seen] == [5]
    assert [trial.parameters for trial in again] == [trial.parameters for trial in trials]


def test_a_damaged_line_is_named_with_what_to_do(tmp_path):
    run(tmp_path)
    journal = journal_of(tmp_path)
    lines = journal.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2][:10] + b"\n"
    journal.write_bytes(b"".join(lines))
    with pytest.raises(IntegrityError, match=r"Line 3 of the study .* delete the file"):
        run(tmp_path)


@pytest.mark.parametrize("line", [b'{"op_code": 4}\n', b"[]\n", b'{"op_code": 99}\n'])
def test_a_line_that_optuna_cannot_read_is_an_error_that_says_what_to_do(line, tmp_path):
    run(tmp_path)
    journal = journal_of(tmp_path)
    journal.write_bytes(journal.read_bytes() + line)
    with pytest.raises(IntegrityError, match=r"cannot be read.*delete the file"):
        OptunaTuner(tmp_path).finished(a_study())


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    folder = tmp_path / "file"
    folder.write_text("not a folder")
    with pytest.raises(BackendError, match=r"file.*disk is not full"):
        run(folder)


def test_optuna_itself_can_read_the_study(tmp_path):
    trials = run(tmp_path, method="hyperband", trials=12)
    storage = JournalStorage(JournalFileBackend(str(journal_of(tmp_path))))
    loaded = optuna.load_study(study_name="k" * 64, storage=storage)
    assert [trial.params["rate"] for trial in loaded.trials[1:]] == [
        trial.parameters["rate"] for trial in trials[1:]
    ]
    assert [trial.state.name == "COMPLETE" for trial in loaded.trials] == [
        trial.state == "complete" for trial in trials
    ]
    assert loaded.best_value == min(trial.value for trial in trials if trial.state == "complete")


def test_a_trial_is_one_line(tmp_path):
    run(tmp_path, trials=3)
    before = len(journal_of(tmp_path).read_bytes().splitlines())
    run(tmp_path, trials=8)
    assert len(journal_of(tmp_path).read_bytes().splitlines()) == before + 5


CONDITIONAL = {
    "penalty": SearchSpace(type="categorical", choices=("l2", "elasticnet")),
    "l1_ratio": SearchSpace(type="float", low=0.1, high=0.9, when={"penalty": ("elasticnet",)}),
    "depth": SearchSpace(type="int", low=1, high=3, when={"penalty": ("l2",)}),
}


@pytest.mark.parametrize("method", ["random", "bayesian"])
def test_no_configuration_is_tried_twice_as_long_as_there_are_others(method, tmp_path):
    def objective(attempt):
        attempt.keep_predictions(np.zeros(1, np.float32))
        return float(attempt.parameters.get("depth", 5))

    def trials_of(folder, trials):
        first = {"penalty": "l2", "depth": 1}
        study = replace(a_study(method, trials, first=first), space=CONDITIONAL)
        return OptunaTuner(folder).run(study, objective, lambda trial: None).trials

    trials_of(tmp_path / "stopped", 6)
    trials = trials_of(tmp_path / "stopped", 14)
    assert len({repr(trial.parameters) for trial in trials}) == 14
    # stopped or not, the same ones
    whole = trials_of(tmp_path / "whole", 14)
    assert [trial.parameters for trial in whole] == [trial.parameters for trial in trials]


def one(attempt):
    attempt.keep_predictions(np.zeros(1, np.float32))
    return 1.0


def test_what_is_exhausted_is_tried_again(tmp_path):
    study = replace(a_study("random", 4, first=None), space={"penalty": CONDITIONAL["penalty"]})
    trials = OptunaTuner(tmp_path).run(study, one, lambda trial: None).trials
    assert {trial.parameters["penalty"] for trial in trials[:2]} == {"l2", "elasticnet"}
    assert len(trials) == 4


KEEP = """
import sys
from pathlib import Path
from experiment_cycle.testing.studies import a_study
from experiment_cycle.tuning.contract import Trial
from experiment_cycle.tuning.store import StudyStore
study = a_study()
StudyStore(Path(sys.argv[1]), study).keep(Trial(0, {}, "failed", None, 0.0, (), "none"), 0.0)
"""


def test_optuna_prints_nothing_where_another_backend_keeps_its_studies(tmp_path):
    command = [sys.executable, "-c", KEEP, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_optuna_prints_nothing(tmp_path, capfd):
    run(tmp_path, method="bayesian", trials=14)
    assert capfd.readouterr() == ("", "")
