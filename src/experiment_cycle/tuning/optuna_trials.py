"""Trials in Optuna's words, and back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, TrialState

from experiment_cycle.tuning.contract import State, Study, Trial
from experiment_cycle.tuning.spaces import SearchSpace, contains

STATES: dict[State, TrialState] = {
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}
NAMES = {state: name for name, state in STATES.items()}


def direction_of(study: Study) -> Literal["maximize", "minimize"]:
    """Say in Optuna's words which values are the better ones."""
    return "maximize" if study.greater_is_better else "minimize"


def distribution(one: SearchSpace) -> BaseDistribution:
    """Put one hyperparameter's space in Optuna's words."""
    if one.choices is not None:
        return CategoricalDistribution([json.dumps(choice) for choice in one.choices])
    low, high = one.low or 0, one.high or 0
    if one.type == "int":
        return IntDistribution(int(low), int(high), log=one.log, step=int(one.step or 1))
    step = None if one.step is None else float(one.step)
    return FloatDistribution(float(low), float(high), log=one.log, step=step)


def external(value: Any, one: SearchSpace) -> Any:
    """Turn a value of Optuna's into ours: a choice is kept as its JSON, for lists among them."""
    if one.choices is None:
        return value
    return one.choices[[json.dumps(choice) for choice in one.choices].index(value)]


def internal(parameters: dict[str, Any], study: Study) -> dict[str, Any]:
    """Turn a configuration of ours into one of Optuna's."""
    categorical = {name for name, one in study.space.items() if one.choices is not None}
    return {
        name: json.dumps(value) if name in categorical else value
        for name, value in parameters.items()
    }


def noted(trial: Trial, spent: float, study: Study) -> FrozenTrial:
    """Write a trial as one of Optuna's, with all that `trial_of` needs to read it back.

    Args:
        trial: A finished one.
        spent: Wall time of the study up to here, seconds.
        study: Its study.
    """
    notes = {"number": trial.number, "curve": list(trial.curve), "spent": round(spent, 3)}
    if trial.reason is not None:
        notes["reason"] = trial.reason
    if not contains(study.space, trial.parameters):
        # those of the first trial, for which Optuna may have no words
        notes["outside"] = True
    return frozen(trial, study, notes)


def frozen(trial: Trial, study: Study, notes: dict[str, Any] | None = None) -> FrozenTrial:
    """Write a trial as one of Optuna's."""
    parameters = {}
    if contains(study.space, trial.parameters):
        parameters = internal(trial.parameters, study)
    reached = {}
    if trial.state == "pruned" and trial.value is not None:
        reached = {len(trial.curve): trial.value}
    written = optuna.trial.create_trial(
        state=STATES[trial.state],
        value=trial.value,
        params=parameters,
        distributions={name: distribution(study.space[name]) for name in parameters},
        user_attrs=notes,
        intermediate_values=reached,
    )
    written.datetime_complete = datetime.now(UTC)
    written.datetime_start = written.datetime_complete - timedelta(seconds=trial.duration_seconds)
    return written


def trial_of(written: FrozenTrial, study: Study) -> Trial:
    """Read a trial that `noted` wrote."""
    notes = written.user_attrs
    parameters = {
        name: external(written.params[name], one)
        for name, one in study.space.items()
        if name in written.params
    }
    if "outside" in notes and study.first is not None:
        parameters = study.first
    return Trial(
        number=notes["number"],
        parameters=parameters,
        state=NAMES[written.state],
        value=written.value,
        duration_seconds=written.duration.total_seconds() if written.duration else 0.0,
        curve=tuple(notes["curve"]),
        reason=notes.get("reason"),
    )
