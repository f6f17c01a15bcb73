"""How a search ends: its time is up, it is interrupted, its process is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from experiment_cycle.testing.objectives import Counted, endless, squared
from experiment_cycle.testing.studies import METHODS, a_study, outcomes
from experiment_cycle.testing.tuners.base import ContractOfTuners, run
from experiment_cycle.tuning.contract import Trial, Tuner

ENDLESS = """
import sys
from pathlib import Path
from experiment_cycle.backends import load_backend
from experiment_cycle.testing.objectives import Slow
from experiment_cycle.testing.studies import a_study

backend, folder, method, workers = sys.argv[1:]
study = a_study(method, 10000, workers=int(workers))
tuner = load_backend("tuners", backend)(Path(folder))
tuner.run(study, Slow(0.02), lambda trial: print(trial.number, flush=True))
"""


class EndingContract(ContractOfTuners):
    """What is finished stays, and the rest is done once."""

    def test_an_interruption_loses_only_the_trials_under_way(
        self, tuner: Tuner, again: Tuner, tmp_path: Path, workers: int
    ) -> None:
        """They are done again, once, and all is as if nothing had happened."""
        study = a_study("bayesian", 16, workers=workers)
        seen: list[Trial] = []

        def interrupted(trial: Trial) -> None:
            seen.append(trial)
            if len(seen) == 9:  # noqa: PLR2004
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            tuner.run(study, squared, interrupted)
        kept = {trial.number for trial in again.finished(study)}
        assert kept >= {trial.number for trial in seen}
        counted = Counted(tmp_path)
        trials = run(again, study, counted)
        assert counted.calls() == sorted(set(range(16)) - kept)
        whole = self.whole(tmp_path / "whole", a_study("bayesian", 16))
        assert outcomes(trials) == outcomes(whole)

    def test_finished_trials_survive_the_death_of_the_process(self, tmp_path: Path) -> None:
        """Killed at any moment, without a chance to put anything in order."""
        method = METHODS[-1] if self.reproducible else METHODS[-2]
        tuner = self.make(tmp_path / "killed")
        options = [self.backend, str(tmp_path / "killed"), method, "2"]
        command = [sys.executable, "-c", ENDLESS, *options]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:  # noqa: S603
            assert child.stdout is not None
            told = [int(next(child.stdout)) for _ in range(12)]
            child.kill()
        assert child.returncode == -signal.SIGKILL
        kept = tuner.finished(a_study(method, 10000))
        assert {trial.number for trial in kept} >= set(told)
        seen: list[Trial] = []
        study = a_study(method, len(kept) + 4)
        missing = study.trials - len(tuner.finished(study))
        trials = tuner.run(study, squared, seen.append).trials
        assert len(seen) == missing
        assert outcomes(trials) == outcomes(self.whole(tmp_path / "whole", study))

    def test_time_that_is_up_ends_a_search_for_good(self, tuner: Tuner, again: Tuner) -> None:
        """Until more of it is given; a complete trial there is in any case."""
        study = a_study("random", 50, seconds=1e-9)
        searched = tuner.run(study, squared, lambda trial: None)
        assert [trial.state for trial in searched.trials] == ["complete"]
        assert "time was up" in searched.stopped_because
        seen: list[Trial] = []
        rerun = again.run(study, squared, seen.append)
        assert not seen
        assert outcomes(rerun.trials) == outcomes(searched.trials)
        assert rerun.stopped_because.startswith("The time was up")
        more = again.run(replace(study, seconds=600.0), squared, seen.append)
        assert len(more.trials) == study.trials
        assert more.stopped_because == "All 50 trials were run."

    def test_a_trial_under_way_when_the_time_is_up_is_dropped(
        self, tuner: Tuner, workers: int
    ) -> None:
        """It would go on for ever."""
        study = a_study("random", 50, seconds=0.2, workers=workers)
        assert [trial.number for trial in run(tuner, study, endless)] == [0]
        assert [trial.number for trial in tuner.finished(study)] == [0]
