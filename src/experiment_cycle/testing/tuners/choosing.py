"""Which trials a tuner chooses, and which it stops."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from experiment_cycle.testing.objectives import STEPS, Slow, constant, negated, squared
from experiment_cycle.testing.studies import FIRST, HALVING, SPACE, a_study, outcomes
from experiment_cycle.testing.tuners.base import ContractOfTuners, run
from experiment_cycle.tuning.contract import Method, Tuner
from experiment_cycle.tuning.spaces import contains, grid


class ChoosingContract(ContractOfTuners):
    """Trials lie in the space, and the seed decides them."""

    def test_each_trial_lies_in_the_space_and_the_first_is_the_configuration(
        self, tuner: Tuner, every_method: Method
    ) -> None:
        """Conditions hold, and values come back as they were written, lists and null among them."""
        trials = run(tuner, a_study(every_method, 30))
        assert [trial.number for trial in trials] == list(range(30))
        assert trials[0].parameters == FIRST
        assert trials[0].state == "complete"
        for trial in trials[1:]:
            assert contains(SPACE, trial.parameters), trial.parameters
        assert len({repr(trial.parameters) for trial in trials}) == len(trials)
        assert any("width" not in trial.parameters for trial in trials[1:])

    def test_the_seed_decides_however_many_workers_there_are_and_whoever_was_stopped(
        self, tmp_path: Path, same_method: Method
    ) -> None:
        """One worker, several that finish in any order, and a run in parts: the same trials."""
        most = self.parts[-1]
        whole = self.whole(tmp_path / "one", a_study(same_method, most))
        several = a_study(same_method, most, workers=self.most_workers)
        found = run(self.make(tmp_path / "several"), several, Slow(0.004, uneven=True))
        assert outcomes(found) == outcomes(whole)
        for trials in self.parts:
            study = a_study(same_method, trials, workers=2)
            found = run(self.make(tmp_path / "parts"), study)
        assert outcomes(found) == outcomes(whole)

    @pytest.mark.parametrize("seed", [0, 2**32 - 1])
    def test_another_seed_gives_other_trials(
        self, tuner: Tuner, elsewhere: Tuner, seed: int
    ) -> None:
        """Drawn at random, they have next to nothing in common."""
        one = run(tuner, a_study(seed=seed))
        two = run(elsewhere, a_study(seed=seed ^ 5))
        drawn = {trial.parameters["rate"] for trial in (*one[1:], *two[1:])}
        assert len(drawn) == len(one) + len(two) - 2

    def test_bayesian_search_closes_in_where_random_search_does_not(self, tmp_path: Path) -> None:
        """In both directions."""
        directions: tuple[tuple[Method, bool], ...] = (
            ("random", False),
            ("bayesian", False),
            ("bayesian", True),
        )
        distances = []
        for place, (method, greater) in enumerate(directions):
            study = a_study(method, 40, greater_is_better=greater, first=None)
            trials = run(self.make(tmp_path / str(place)), study, negated if greater else squared)
            distances.append(sum(abs(trial.value or 0.0) for trial in trials[20:]))
        assert max(distances[1:]) < 0.5 * distances[0]

    def test_a_grid_is_gone_through_once(self, tuner: Tuner) -> None:
        """However many trials there may be, and without the first one where that is on it."""
        space = {name: SPACE[name] for name in ("way", "width")}
        points = grid(space)
        study = replace(a_study("grid", 100), space=space, first=points[3])
        searched = tuner.run(study, constant, lambda trial: None)
        tried = [trial.parameters for trial in searched.trials]
        assert tried[0] == points[3]
        assert sorted(map(repr, tried)) == sorted(map(repr, points))
        assert f"{len(points)} configurations" in searched.stopped_because

    def test_hyperband_stops_what_is_not_promising(self, tuner: Tuner, again: Tuner) -> None:
        """At a rung, with a reason; the best one of all goes to the end."""
        study = a_study("hyperband", 40)
        trials = run(tuner, study)
        pruned = [trial for trial in trials if trial.state == "pruned"]
        complete = [trial for trial in trials if trial.state == "complete"]
        assert len(pruned) > len(complete) > 0
        for trial in pruned:
            assert len(trial.curve) in HALVING.rungs
            assert trial.reason
        assert all(len(trial.curve) == STEPS for trial in complete)
        final = {trial.number: (trial.parameters["rate"] - 0.3) ** 2 for trial in trials}
        best = min(final, key=lambda number: final[number])
        assert trials[best].state == "complete"
        assert outcomes(again.finished(study)) == outcomes(trials)
