"""Studies to try a tuner on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from experiment_cycle.tuning.contract import Halving, Method, Study, Trial
from experiment_cycle.tuning.spaces import SearchSpace

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
HALVING = Halving(rungs=(1, 3, 9), reduction_factor=3)
METHODS: tuple[Method, ...] = ("grid", "random", "bayesian", "hyperband")


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


def outcomes(trials: Sequence[Trial]) -> list[Trial]:
    """Strip trials of what the clock has a part in."""
    return [replace(trial, duration_seconds=0.0) for trial in trials]
