"""What a tuner keeps of its trials."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiment_cycle.testing.objectives import STEPS, fragile, predicting, squared
from experiment_cycle.testing.studies import a_study, outcomes
from experiment_cycle.testing.tuners.base import ContractOfTuners, run
from experiment_cycle.tuning.contract import Method, Trial, Tuner
from experiment_cycle.tuning.store import predictions_file


class KeepingContract(ContractOfTuners):
    """Trials, their curves, failures and predictions."""

    def test_each_trial_is_told_once_and_kept(
        self, tuner: Tuner, again: Tuner, method: Method
    ) -> None:
        """A later run lists them as they were, and adds only what is missing."""
        seen: list[Trial] = []
        assert list(tuner.finished(a_study(method))) == []
        trials = tuner.run(a_study(method), squared, seen.append).trials
        assert sorted(seen, key=_number) == list(trials)
        assert outcomes(again.finished(a_study(method))) == outcomes(trials)
        more = again.run(a_study(method, 8), squared, seen.append).trials
        assert outcomes(more[:6]) == outcomes(trials)
        assert sorted(trial.number for trial in seen) == list(range(8))
        assert len(again.finished(a_study(method, 3))) == 3  # noqa: PLR2004

    def test_every_worker_s_trials_are_told(self, tuner: Tuner) -> None:
        """Each of them once, whoever ran it."""
        seen: list[Trial] = []
        study = a_study(workers=self.most_workers)
        trials = tuner.run(study, squared, seen.append).trials
        assert sorted(seen, key=_number) == list(trials)

    def test_curves_are_kept_by_step(self, tuner: Tuner, again: Tuner, workers: int) -> None:
        """Of every trial, as far as it came."""
        study = a_study("random", workers=workers)
        run(tuner, study)
        for trial in again.finished(study):
            assert trial.value is not None
            expected = [trial.value + 1 / step for step in range(1, STEPS + 1)]
            assert trial.curve == pytest.approx(expected, rel=1e-6)

    def test_predictions_are_kept_beside_the_study(
        self, tuner: Tuner, tmp_path: Path, workers: int
    ) -> None:
        """The last ones that each trial handed over."""
        study = a_study(workers=workers)
        for trial in run(tuner, study, predicting):
            kept = np.load(predictions_file(tmp_path / "studies" / study.key, trial.number))
            assert kept.dtype == np.float32
            assert kept.tolist() == [trial.number, 0.5]

    def test_failures_are_kept_with_their_cause_and_the_search_goes_on(
        self, tuner: Tuner, again: Tuner, method: Method
    ) -> None:
        """What raises or is no number has failed."""
        study = a_study(method, 12)
        trials = run(tuner, study, fragile)
        for trial in trials:
            failed = trial.number % 3 != 0
            assert (trial.state == "failed") == failed
            assert (trial.value is None) == failed
        assert trials[1].reason == "MemoryError: too large"
        assert trials[2].reason == "the metric is nan"
        assert outcomes(again.finished(study)) == outcomes(trials)

    def test_studies_of_other_keys_have_nothing_in_common(self, tuner: Tuner) -> None:
        """Though they are kept in one folder."""
        run(tuner, a_study())
        assert not tuner.finished(replace(a_study(), key="l" * 64))


def _number(trial: Trial) -> int:
    return trial.number
