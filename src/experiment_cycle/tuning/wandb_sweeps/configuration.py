"""The configuration of a W&B sweep, and what its values are in ours."""

from __future__ import annotations

import json
import math
from typing import Any

from experiment_cycle.errors import ConfigurationError
from experiment_cycle.tuning.contract import Study
from experiment_cycle.tuning.spaces import SearchSpace, Space, grid_values
from experiment_cycle.tuning.wandb_sweeps.iterations import Iterations

METHODS = {"grid": "grid", "random": "random", "bayesian": "bayes", "hyperband": "bayes"}
"""What each of our methods is called there; Hyperband is a way of stopping, not of choosing."""
MOST_LISTED = 1000
"""Up to how many steps a range is listed value by value."""
MOST_ON_GRID = 100_000
"""Points of a grid, all of which W&B's algorithm holds at once."""


def sweep_configuration(study: Study) -> dict[str, Any]:
    """Write a study as the configuration of a sweep, with nothing in it but JSON.

    W&B knows no conditions: every hyperparameter is drawn each time. See `parameters_read`, which
    drops those that do not hold.

    Raises:
        ConfigurationError: without its conditions the grid is too large to be held.
    """
    on_grid = study.method == "grid"
    configuration: dict[str, Any] = {
        "method": METHODS[study.method],
        "metric": {
            "name": study.metric,
            "goal": "maximize" if study.greater_is_better else "minimize",
            # what became of a trial that failed or was stopped is as bad as the worst
            "impute": "worst",
        },
        "parameters": {
            name: _distribution(one, on_grid=on_grid) for name, one in study.space.items()
        },
    }
    if study.halving is not None and study.halving.rungs:
        configuration["early_terminate"] = Iterations(study.halving).early_terminate()
    if on_grid:
        _check_size(configuration["parameters"])
    return configuration


def parameters_read(drawn: dict[str, Any], space: Space) -> dict[str, Any]:
    """Turn what W&B has drawn into a trial's parameters: those that are active.

    Args:
        drawn: A value of W&B's for each hyperparameter.
        space: What is varied.
    """
    chosen: dict[str, Any] = {}
    for name, one in space.items():
        if one.is_active(chosen):
            chosen[name] = _read(drawn[name], one)
    return chosen


def parameters_written(parameters: dict[str, Any], space: Space) -> dict[str, Any]:
    """Turn a trial's parameters, which lie in the space, into values of W&B's.

    It cannot do without any of them: one that is not active is set to the middle of its range.
    """
    return {
        name: _written(parameters[name] if name in parameters else _middle(one), one)
        for name, one in space.items()
    }


def _distribution(one: SearchSpace, *, on_grid: bool) -> dict[str, Any]:
    if on_grid or one.choices is not None:
        return {"values": [_written(value, one) for value in grid_values(one)]}
    low, high = _ends(one)
    is_int = one.type == "int"
    if one.step is not None and not (is_int and one.step == 1):
        if round((high - low) / one.step) < MOST_LISTED:
            # in order, which its Bayesian search takes for distances
            return {"values": list(grid_values(one))}
        return {"distribution": "q_uniform", "min": low, "max": high, "q": one.step}
    if is_int:
        if one.log:
            return {"distribution": "q_log_uniform_values", "min": low, "max": high, "q": 1}
        return {"distribution": "int_uniform", "min": low, "max": high}
    kind = "log_uniform_values" if one.log else "uniform"
    return {"distribution": kind, "min": low, "max": high}


def _ends(one: SearchSpace) -> tuple[float, float]:
    low, high = one.low or 0, one.high or 0
    return (int(low), int(high)) if one.type == "int" else (float(low), float(high))


def _written(value: Any, one: SearchSpace) -> Any:
    return json.dumps(value) if one.choices is not None and not _is_plain(one) else value


def _is_plain(one: SearchSpace) -> bool:
    """Tell whether W&B can tell the choices apart as they are: texts, or numbers of one kind.

    It compares by `==`, to which True is 1, and has no word for a tuple.
    """
    kinds = {type(choice) for choice in one.choices or ()}
    return len(kinds) == 1 and kinds <= {str, int, float, bool}


def _read(value: Any, one: SearchSpace) -> Any:
    if one.choices is not None:
        return one.choices[[_written(choice, one) for choice in one.choices].index(value)]
    low, high = _ends(one)
    within = min(max(float(value), low), high)
    if one.step is not None:
        return grid_values(one)[round((within - low) / one.step)]
    return round(within) if one.type == "int" else within


def _middle(one: SearchSpace) -> Any:
    if one.choices is not None:
        return one.choices[0]
    low, high = _ends(one)
    return _read(math.sqrt(low * high) if one.log else (low + high) / 2, one)


def _check_size(parameters: dict[str, Any]) -> None:
    size = math.prod(len(parameter["values"]) for parameter in parameters.values())
    if size > MOST_ON_GRID:
        raise ConfigurationError(
            "tuning.backend is wandb: a grid of W&B's knows no conditions, and without them it "
            f"has {size:,} points; at most {MOST_ON_GRID:,} can be held. Next step: give fewer "
            "values by num, step or choices, or set tuning.backend to optuna."
        )
