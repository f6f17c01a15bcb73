"""What every tuner must do, as tests."""

from __future__ import annotations

import math
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from experiment_cycle.backends import load_backend
from experiment_cycle.tuning.contract import Attempt, Halving, Method, Searched, Study, Trial, Tuner
from experiment_cycle.tuning.spaces import SearchSpace, contains, grid

SPACE = {
    "depth": SearchSpace(type="int", low=1, high=100, log=True, num=3),
    "layers": SearchSpace(type="categorical", choices=((8,), (8, 4), None)),
    "rate": SearchSpace(type="float", low=-1.0, high=1.0),
    "way": SearchSpace(type="categorical", choices=("left", 2, True)),
    "width": SearchSpace(type="float", low=0.0, high=1.0, step=0.25, when={"way": ("left", True)}),
}
"""Every kind of hyperparameter, and a condition."""
FIRST = {"depth": 0, "layers": (64, 32), "rate": 0.1, "way": 2}
"""What the configuration may be: depth and layers lie outside the space."""
STEPS = 27
HALVING = Halving(rungs=(1, 3, 9), reduction_factor=3)
METHODS: tuple[Method, ...] = ("grid", "random", "bayesian", "hyperband")


def squared(attempt: Attempt) -> float:
    """Measure how far `rate` is from 0.3; the steps bring it nearer from a start in common."""
    value = float((attempt.parameters["rate"] - 0.3) ** 2)
    for step in range(1, STEPS + 1):
        if attempt.report(step, value + 1 / step):
            return value + 1 / step
    return value


def a_study(method: Method = "random", trials: int = 6, **changes: Any) -> Study:
    """Make a study of the space above; the least value is the best."""
    settings: dict[str, Any] = {
        "greater_is_better": False,
        "seed": 1,
        "batch": 4,
        "first": FIRST,
        "halving": HALVING if method == "hyperband" else None,
    }
    return Study("k" * 64, method, SPACE, trials, **(settings | changes))


def outcomes(trials: tuple[Trial, ...] | list[Trial]) -> list[Trial]:
    """Strip trials of what the clock has a part in."""
    return [replace(trial, duration_seconds=0.0) for trial in trials]


RunStudy = Callable[..., Searched]

ENDLESS = """
import sys, time
from pathlib import Path
from experiment_cycle.backends import load_backend
from experiment_cycle.testing.tuners import a_study, squared

def slow(attempt):
    time.sleep(0.02)
    return squared(attempt)

backend, folder, method, workers = sys.argv[1:]
study = a_study(method, 10000, workers=int(workers))
tuner = load_backend("tuners", backend)(Path(folder))
tuner.run(study, slow, lambda trial: print(trial.number, flush=True))
"""


class TunerContract:
    """Subclass it, and name the backend."""

    backend: str
    """The name that it is registered under."""
    reproducible = True
    """Whether the same study gives the same trials when it stops some of them early."""

    @pytest.fixture
    def tuner(self, tmp_path: Path) -> Tuner:
        """A tuner with an empty folder; a second one of the same folder is `again`."""
        return self.make(tmp_path / "studies")

    @pytest.fixture
    def again(self, tmp_path: Path) -> Tuner:
        """Another tuner with the same folder, as a later run makes it."""
        return self.make(tmp_path / "studies")

    @pytest.fixture
    def elsewhere(self, tmp_path: Path) -> Tuner:
        """A tuner with another empty folder."""
        return self.make(tmp_path / "elsewhere")

    def make(self, folder: Path) -> Tuner:
        """Make a tuner."""
        folder.mkdir(exist_ok=True)
        tuner: Tuner = load_backend("tuners", self.backend)(folder)
        return tuner

    def same_methods(self) -> tuple[Method, ...]:
        """Name the methods whose trials the seed alone decides."""
        return METHODS if self.reproducible else METHODS[:-1]

    @pytest.mark.parametrize("method", METHODS)
    def test_each_trial_lies_in_the_space_and_the_first_is_the_configuration(
        self, tuner: Tuner, method: Method
    ) -> None:
        """Conditions hold, and values come back as they were written, lists and null among them."""
        trials = tuner.run(a_study(method, 30), squared, lambda trial: None).trials
        assert [trial.number for trial in trials] == list(range(30))
        assert trials[0].parameters == FIRST
        assert trials[0].state == "complete"
        for trial in trials[1:]:
            assert contains(SPACE, trial.parameters), trial.parameters
        assert len({repr(trial.parameters) for trial in trials}) == len(trials)
        assert any("width" not in trial.parameters for trial in trials[1:])

    @pytest.mark.parametrize("method", METHODS)
    def test_each_trial_is_told_once_and_kept(
        self, tuner: Tuner, again: Tuner, method: Method
    ) -> None:
        """A later run lists them as they were, and adds only what is missing."""
        seen: list[Trial] = []
        assert list(tuner.finished(a_study(method))) == []
        trials = tuner.run(a_study(method), squared, seen.append).trials
        assert seen == list(trials)
        assert outcomes(list(again.finished(a_study(method)))) == outcomes(trials)
        more = again.run(a_study(method, 8), squared, seen.append).trials
        assert outcomes(more[:6]) == outcomes(trials)
        assert [trial.number for trial in seen] == list(range(8))
        assert len(again.finished(a_study(method, 3))) == 3  # noqa: PLR2004

    @pytest.mark.parametrize("workers", [1, 3])
    def test_curves_are_kept_by_step(self, tuner: Tuner, again: Tuner, workers: int) -> None:
        """Of every trial, as far as it came."""
        study = a_study("random", workers=workers)
        tuner.run(study, squared, lambda trial: None)
        for trial in again.finished(study):
            assert trial.value is not None
            expected = [trial.value + 1 / step for step in range(1, STEPS + 1)]
            assert trial.curve == pytest.approx(expected, rel=1e-6)

    def test_the_seed_decides_however_many_workers_there_are_and_whoever_was_stopped(
        self, tmp_path: Path
    ) -> None:
        """One worker, four that finish in any order, and a run in parts: the same trials."""
        for method in self.same_methods():
            whole = self.make(tmp_path / f"{method}1").run(
                a_study(method, 14), squared, lambda trial: None
            )
            four = self.make(tmp_path / f"{method}4").run(
                a_study(method, 14, workers=4), _in_any_order(), lambda trial: None
            )
            assert outcomes(four.trials) == outcomes(whole.trials)
            for trials in (3, 9, 14):
                parts = self.make(tmp_path / f"{method}parts").run(
                    a_study(method, trials, workers=2), squared, lambda trial: None
                )
            assert outcomes(parts.trials) == outcomes(whole.trials)

    @pytest.mark.parametrize("seed", [0, 2**32 - 1])
    def test_another_seed_gives_other_trials(
        self, tuner: Tuner, elsewhere: Tuner, seed: int
    ) -> None:
        """Drawn at random, they have next to nothing in common."""
        one = tuner.run(a_study(seed=seed), squared, lambda trial: None).trials
        two = elsewhere.run(a_study(seed=seed ^ 5), squared, lambda trial: None).trials
        drawn = {trial.parameters["rate"] for trial in (*one[1:], *two[1:])}
        assert len(drawn) == len(one) + len(two) - 2

    def test_bayesian_search_closes_in_where_random_search_does_not(self, tmp_path: Path) -> None:
        """In both directions."""
        directions: tuple[tuple[Method, float], ...] = (
            ("random", 1.0),
            ("bayesian", 1.0),
            ("bayesian", -1.0),
        )
        distances = []
        for place, (method, sign) in enumerate(directions):
            study = a_study(method, 40, greater_is_better=sign < 0, first=None)
            tuner = self.make(tmp_path / str(place))
            trials = tuner.run(study, _far_from_best(sign), lambda trial: None).trials
            distances.append(sum(abs(trial.value or 0.0) for trial in trials[20:]))
        assert max(distances[1:]) < 0.5 * distances[0]

    def test_a_grid_is_gone_through_once(self, tuner: Tuner) -> None:
        """However many trials there may be, and without the first one where that is on it."""
        space = {name: SPACE[name] for name in ("way", "width")}
        points = grid(space)
        study = replace(a_study("grid", 100), space=space, first=points[3])
        searched = tuner.run(study, lambda attempt: 1.0, lambda trial: None)
        tried = [trial.parameters for trial in searched.trials]
        assert tried[0] == points[3]
        assert sorted(map(repr, tried)) == sorted(map(repr, points))
        assert f"{len(points)} configurations" in searched.stopped_because

    def test_hyperband_stops_what_is_not_promising(self, tuner: Tuner, again: Tuner) -> None:
        """At a rung, with a reason; the best one of all goes to the end."""
        searched = tuner.run(a_study("hyperband", 40), squared, lambda trial: None)
        pruned = [trial for trial in searched.trials if trial.state == "pruned"]
        complete = [trial for trial in searched.trials if trial.state == "complete"]
        assert len(pruned) > len(complete) > 0
        for trial in pruned:
            assert len(trial.curve) in HALVING.rungs
            assert trial.reason
        assert all(len(trial.curve) == STEPS for trial in complete)
        final = {trial.number: (trial.parameters["rate"] - 0.3) ** 2 for trial in searched.trials}
        best = min(final, key=lambda number: final[number])
        assert searched.trials[best].state == "complete"
        kept = list(again.finished(a_study("hyperband", 40)))
        assert outcomes(kept) == outcomes(searched.trials)

    @pytest.mark.parametrize("method", METHODS)
    def test_failures_are_kept_with_their_cause_and_the_search_goes_on(
        self, tuner: Tuner, again: Tuner, method: Method
    ) -> None:
        """What raises or is no number has failed."""

        def fragile(attempt: Attempt) -> float:
            if attempt.number % 3 == 1:
                raise MemoryError("too large")
            return math.nan if attempt.number % 3 == 2 else squared(attempt)  # noqa: PLR2004

        study = a_study(method, 12)
        trials = tuner.run(study, fragile, lambda trial: None).trials
        for trial in trials:
            failed = trial.number % 3 != 0
            assert (trial.state == "failed") == failed
            assert (trial.value is None) == failed
        assert trials[1].reason == "MemoryError: too large"
        assert trials[2].reason == "the metric is nan"
        assert outcomes(list(again.finished(study))) == outcomes(trials)

    @pytest.mark.parametrize("workers", [1, 3])
    def test_an_interruption_loses_only_the_trials_under_way(
        self, tuner: Tuner, again: Tuner, elsewhere: Tuner, workers: int
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
        attempted: list[int] = []

        def counted(attempt: Attempt) -> float:
            attempted.append(attempt.number)
            return squared(attempt)

        trials = again.run(study, counted, lambda trial: None).trials
        assert sorted(attempted) == sorted(set(range(16)) - kept)
        whole = elsewhere.run(a_study("bayesian", 16), squared, lambda trial: None).trials
        assert outcomes(trials) == outcomes(whole)

    def test_finished_trials_survive_the_death_of_the_process(self, tmp_path: Path) -> None:
        """Killed at any moment, without a chance to put anything in order."""
        method = self.same_methods()[-1]
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
        whole = self.make(tmp_path / "whole").run(study, squared, lambda trial: None).trials
        assert outcomes(trials) == outcomes(whole)

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

    @pytest.mark.parametrize("workers", [1, 2])
    def test_a_trial_under_way_when_the_time_is_up_is_dropped(
        self, tuner: Tuner, workers: int
    ) -> None:
        """It would go on for ever."""
        hold = threading.Event()

        def endless(attempt: Attempt) -> float:
            step = 1
            while attempt.number > 0 and not attempt.report(step, 1.0):
                hold.wait(0.002)
                step += 1
            return 1.0

        study = a_study("random", 50, seconds=0.2, workers=workers)
        searched = tuner.run(study, endless, lambda trial: None)
        assert [trial.number for trial in searched.trials] == [0]
        assert [trial.number for trial in tuner.finished(study)] == [0]

    def test_studies_of_other_keys_have_nothing_in_common(self, tuner: Tuner) -> None:
        """Though they are kept in one folder."""
        tuner.run(a_study(), squared, lambda trial: None)
        assert not tuner.finished(replace(a_study(), key="l" * 64))


def _far_from_best(sign: float) -> Callable[[Attempt], float]:
    return lambda attempt: sign * float((attempt.parameters["rate"] - 0.3) ** 2)


def _in_any_order() -> Callable[[Attempt], float]:
    """Make an objective that lets later trials overtake earlier ones."""
    pause = threading.Event()

    def slower(attempt: Attempt) -> float:
        pause.wait(0.004 * (3 - attempt.number % 4))
        return squared(attempt)

    return slower
