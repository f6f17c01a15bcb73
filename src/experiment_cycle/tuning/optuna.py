"""Search with Optuna: on a grid, random, Bayesian (TPE), or Hyperband."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, TrialState

from experiment_cycle.tuning.contract import Objective, Searched, Study, Trial
from experiment_cycle.tuning.spaces import SearchSpace, contains, grid
from experiment_cycle.tuning.study_file import StudyFile
from experiment_cycle.tuning.workers import TrialRun

STATES = {
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}
NAMES = {state: name for name, state in STATES.items()}


class OptunaTuner:
    """Keeps each study in a journal file of Optuna's, one line a trial.

    A trial under way lives in memory only and is written when it is finished. So the process may
    die at any moment and leaves no trial half done, and a trial costs one write.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        optuna.logging.set_verbosity(optuna.logging.WARNING)

    def finished(self, study: Study) -> list[Trial]:
        """List the trials that an earlier run finished; see `Tuner.finished`."""
        file = StudyFile(self._folder, study)
        if not file.exists:
            return []
        # reading cuts off an unfinished line, which must not be one that is just being written
        with file.opened():
            return _trials(study, file.read())

    def run(
        self, study: Study, objective: Objective, on_trial: Callable[[Trial], None]
    ) -> Searched:
        """Continue the study up to its budget; see `Tuner.run`."""
        with StudyFile(self._folder, study).opened() as file:
            kept = file.read()
            spent = max((frozen.user_attrs["spent"] for frozen in kept), default=0.0)
            run = TrialRun(
                *(study, _Chooser(study, file), objective, on_trial),
                earlier=_trials(study, kept),
                spent=max(spent, file.spent),
            )
            searched = run.run()
            if study.seconds is not None and searched.spent_seconds >= study.seconds:
                file.spent = searched.spent_seconds
        return searched


class _Chooser:
    """Asks Optuna's samplers, over a study in memory that holds what they may know."""

    def __init__(self, study: Study, file: StudyFile) -> None:
        self._study = study
        self._file = file
        self._known = optuna.create_study(direction=file.direction)
        self._live: dict[int, optuna.Trial] = {}
        self._waiting: dict[int, Trial] = {}
        self._points = _shuffled_grid(study) if study.method == "grid" else None

    def choose(self, number: int) -> dict[str, Any] | None:
        """Choose a trial's parameters; see `Source.choose`."""
        study = self._study
        if number == 0 and study.first is not None:
            if self._is_seen(study.first) and self._points is None:
                self._enter(number, study.first)
            return study.first
        if self._points is not None:
            place = number - (study.first is not None)
            return self._points[place] if place < len(self._points) else None
        for waiting in sorted(self._waiting):
            self._enter(waiting, self._waiting.pop(waiting).parameters)
        self._known.sampler = _sampler(study, number)
        live = self._live[number] = self._known.ask()
        return _ask(live, study)

    def take_up(self, trial: Trial) -> None:
        """Take note of a trial of an earlier run; see `Source.take_up`."""
        if self._points is None and self._is_seen(trial.parameters):
            self._waiting[trial.number] = trial

    def tell(self, trial: Trial) -> None:
        """Tell Optuna of a trial's outcome; see `Source.tell`."""
        if self._waiting.pop(trial.number, None) is not None:
            self._known.add_trial(_frozen(trial, self._study))
        live = self._live.pop(trial.number, None)
        if live is None:
            return
        if trial.state == "pruned" and trial.value is not None:
            live.report(trial.value, len(trial.curve))
        value = trial.value if trial.state == "complete" else None
        self._known.tell(live, value, state=STATES[trial.state])

    def keep(self, trial: Trial, spent: float) -> None:
        """Write a trial into the study's file; see `Source.keep`."""
        curve = list(trial.curve)
        notes = {"number": trial.number, "curve": curve, "spent": round(spent, 3)}
        if trial.reason is not None:
            notes["reason"] = trial.reason
        if not self._is_seen(trial.parameters):
            notes["parameters"] = trial.parameters
        self._file.add(_frozen(trial, self._study, notes))

    def _is_seen(self, parameters: dict[str, Any]) -> bool:
        """Tell whether Optuna has words for a configuration; the first one may lie outside."""
        return contains(self._study.space, parameters)

    def _enter(self, number: int, parameters: dict[str, Any]) -> None:
        """Enter a trial whose parameters are known as one that is under way."""
        self._known.sampler = optuna.samplers.RandomSampler(seed=0)
        self._known.enqueue_trial(_internal(parameters, self._study))
        self._live[number] = self._known.ask()
        _ask(self._live[number], self._study)


def _sampler(study: Study, number: int) -> optuna.samplers.BaseSampler:
    """Make the sampler of one trial.

    One sampler for the whole study would start over with its first draws after a resume.
    """
    seed = int(np.random.SeedSequence([study.seed, number]).generate_state(1)[0])
    if study.method == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    return optuna.samplers.TPESampler(seed=seed)


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
            chosen[name] = _external(_suggest(live, name, _distribution(one)), one)
    return chosen


def _suggest(live: optuna.Trial, name: str, among: BaseDistribution) -> Any:
    if isinstance(among, CategoricalDistribution):
        return live.suggest_categorical(name, among.choices)
    if isinstance(among, IntDistribution):
        return live.suggest_int(name, among.low, among.high, step=among.step, log=among.log)
    assert isinstance(among, FloatDistribution)  # noqa: S101
    return live.suggest_float(name, among.low, among.high, step=among.step, log=among.log)


def _distribution(one: SearchSpace) -> BaseDistribution:
    if one.choices is not None:
        return CategoricalDistribution([json.dumps(choice) for choice in one.choices])
    low, high = one.low or 0, one.high or 0
    if one.type == "int":
        return IntDistribution(int(low), int(high), log=one.log, step=int(one.step or 1))
    step = None if one.step is None else float(one.step)
    return FloatDistribution(float(low), float(high), log=one.log, step=step)


def _external(value: Any, one: SearchSpace) -> Any:
    """Turn a value of Optuna's into ours: a choice is kept as its JSON, for lists among them."""
    if one.choices is None:
        return value
    return one.choices[[json.dumps(choice) for choice in one.choices].index(value)]


def _internal(parameters: dict[str, Any], study: Study) -> dict[str, Any]:
    categorical = {name for name, one in study.space.items() if one.choices is not None}
    return {
        name: json.dumps(value) if name in categorical else value
        for name, value in parameters.items()
    }


def _frozen(trial: Trial, study: Study, notes: dict[str, Any] | None = None) -> FrozenTrial:
    """Write a trial as one of Optuna's."""
    seen = contains(study.space, trial.parameters)
    parameters = _internal(trial.parameters, study) if seen else {}
    reached = {}
    if trial.state == "pruned" and trial.value is not None:
        reached = {len(trial.curve): trial.value}
    frozen = optuna.trial.create_trial(
        state=STATES[trial.state],
        value=trial.value,
        params=parameters,
        distributions={name: _distribution(study.space[name]) for name in parameters},
        user_attrs=notes,
        intermediate_values=reached,
    )
    frozen.datetime_complete = datetime.now(UTC)
    frozen.datetime_start = frozen.datetime_complete - timedelta(seconds=trial.duration_seconds)
    return frozen


def _trials(study: Study, kept: list[FrozenTrial]) -> list[Trial]:
    """Read kept trials, in the order of their numbers."""
    trials: dict[int, Trial] = {}
    for frozen in kept:
        number = frozen.user_attrs["number"]
        if number < study.trials:
            trials.setdefault(number, _trial(number, frozen, study))
    return [trials[number] for number in sorted(trials)]


def _trial(number: int, frozen: FrozenTrial, study: Study) -> Trial:
    parameters = {
        name: _external(frozen.params[name], one)
        for name, one in study.space.items()
        if name in frozen.params
    }
    if "parameters" in frozen.user_attrs and study.first is not None:
        parameters = study.first
    return Trial(
        number=number,
        parameters=parameters,
        state=_name(frozen.state),
        value=frozen.value,
        duration_seconds=frozen.duration.total_seconds() if frozen.duration else 0.0,
        curve=tuple(frozen.user_attrs["curve"]),
        reason=frozen.user_attrs.get("reason"),
    )


def _name(state: TrialState) -> Literal["complete", "pruned", "failed"]:
    return NAMES[state]  # type: ignore[return-value]
