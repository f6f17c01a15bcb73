"""Configurations chosen by Optuna: on a grid, at random, or Bayesian (TPE)."""

from __future__ import annotations

from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution

from experiment_cycle.tuning.contract import Study, Trial
from experiment_cycle.tuning.optuna_trials import (
    STATES,
    direction_of,
    distribution,
    external,
    frozen,
    internal,
)
from experiment_cycle.tuning.spaces import contains, grid

DRAWS = 20
"""So often a sampler may draw what was tried, before another one is asked."""


class OptunaChoice:
    """Asks Optuna's samplers, over a study in memory that holds what they may know.

    It is a `Choice`. Trials under way are known to the sampler as such, so that it does not choose
    them again.
    """

    def __init__(self, study: Study) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._study = study
        self._known = optuna.create_study(direction=direction_of(study))
        self._live: dict[int, optuna.Trial] = {}
        self._chosen: dict[int, dict[str, Any]] = {}
        self._waiting: dict[int, Trial] = {}
        self._points = _shuffled_grid(study) if study.method == "grid" else None
        self._seen: set[str] = set()

    def choose(self, number: int) -> dict[str, Any] | None:
        """Choose a trial's parameters; see `Choice.choose`."""
        study = self._study
        if number == 0 and study.first is not None:
            if self._points is None and contains(study.space, study.first):
                self._enter(number, study.first)
            self._seen.add(_key(study.first))
            return study.first
        if self._points is not None:
            place = number - (study.first is not None)
            return self._points[place] if place < len(self._points) else None
        for waiting in sorted(self._waiting):
            self._enter(waiting, self._waiting.pop(waiting).parameters)
        self._live[number], self._chosen[number] = self._draw(number)
        self._seen.add(_key(self._chosen[number]))
        return self._chosen[number]

    def take_up(self, trial: Trial) -> None:
        """Take note of a finished trial; see `Choice.take_up`."""
        self._seen.add(_key(trial.parameters))
        if self._points is None and contains(self._study.space, trial.parameters):
            self._waiting[trial.number] = trial

    def tell(self, trial: Trial) -> None:
        """Tell Optuna of a trial's outcome; see `Choice.tell`."""
        live = self._live.pop(trial.number, None)
        chosen = self._chosen.pop(trial.number, trial.parameters)
        if live is None:
            if self._waiting.pop(trial.number, None) is not None:
                self._known.add_trial(frozen(trial, self._study))
        elif chosen != trial.parameters:
            # another machine's arithmetic has chosen differently; what was run counts
            self._known.tell(live, state=STATES["failed"])
            self._known.add_trial(frozen(trial, self._study))
        else:
            if trial.state == "pruned" and trial.value is not None:
                live.report(trial.value, len(trial.curve))
            value = trial.value if trial.state == "complete" else None
            self._known.tell(live, value, state=STATES[trial.state])

    def _draw(self, number: int) -> tuple[optuna.Trial, dict[str, Any]]:
        """Draw a configuration that was not tried yet, where draws enough find one.

        Where conditions leave little to vary, or all is whole numbers and choices, a sampler draws
        the same again and again. What is drawn in vain counts for no sampler.
        """
        for sampler in (_sampler(self._study, number), _random_sampler(self._study, number)):
            self._known.sampler = sampler
            for _ in range(DRAWS):
                live = self._known.ask()
                chosen = _ask(live, self._study)
                if _key(chosen) not in self._seen:
                    return live, chosen
                self._known.tell(live, state=STATES["failed"])
        live = self._known.ask()
        return live, _ask(live, self._study)

    def _enter(self, number: int, parameters: dict[str, Any]) -> None:
        """Enter a trial whose parameters are known as one that is under way."""
        self._known.sampler = optuna.samplers.RandomSampler(seed=0)
        self._known.enqueue_trial(internal(parameters, self._study))
        self._live[number] = self._known.ask()
        _ask(self._live[number], self._study)


def _sampler(study: Study, number: int) -> optuna.samplers.BaseSampler:
    """Make the sampler of one trial.

    One sampler for the whole study would start over with its first draws after a resume.
    """
    if study.method == "random":
        return _random_sampler(study, number)
    return optuna.samplers.TPESampler(seed=_seed(study, number))


def _random_sampler(study: Study, number: int) -> optuna.samplers.BaseSampler:
    return optuna.samplers.RandomSampler(seed=_seed(study, number))


def _seed(study: Study, number: int) -> int:
    return int(np.random.SeedSequence([study.seed, number]).generate_state(1)[0])


def _key(parameters: dict[str, Any]) -> str:
    """Write parameters so that equal ones are written alike."""
    return repr(sorted(parameters.items()))


def _shuffled_grid(study: Study) -> list[dict[str, Any]]:
    """List the grid's points but the first trial, in an order drawn from the seed."""
    points = [point for point in grid(study.space) if point != study.first]
    order = np.random.default_rng(study.seed).permutation(len(points))
    return [points[place] for place in order]


def _ask(live: optuna.Trial, study: Study) -> dict[str, Any]:
    """Ask for the parameters of a trial, those that depend on others after them."""
    chosen: dict[str, Any] = {}
    for name, one in study.space.items():
        if one.is_active(chosen):
            chosen[name] = external(_suggest(live, name, distribution(one)), one)
    return chosen


def _suggest(live: optuna.Trial, name: str, among: BaseDistribution) -> Any:
    if isinstance(among, CategoricalDistribution):
        return live.suggest_categorical(name, among.choices)
    if isinstance(among, IntDistribution):
        return live.suggest_int(name, among.low, among.high, step=among.step, log=among.log)
    assert isinstance(among, optuna.distributions.FloatDistribution)  # noqa: S101
    return live.suggest_float(name, among.low, among.high, step=among.step, log=among.log)
