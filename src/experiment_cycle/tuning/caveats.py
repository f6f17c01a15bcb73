"""What to know before trusting the best trial of a search."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from experiment_cycle.metrics.catalogue import metric
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.tuning.records import HonestScore
from experiment_cycle.tuning.spaces import SearchSpace, Space

NEAR = 0.02
"""What share of a range counts as its end."""
BEYOND = 0.01
"""How far beyond an end it is asked whether there are values at all."""


def search_warnings(
    space: Space,
    best_parameters: dict[str, Any],
    best_trial: int,
    honest: HonestScore | None,
    metric_name: str,
    training: TrainingOptions,
) -> tuple[str, ...]:
    """Warn where the best trial lies at the edge of the space, or is no better than its start.

    Args:
        space: What was varied.
        best_parameters: Of the best trial.
        best_trial: Its number; 0 is the configuration itself.
        honest: The correction for the choice; None where it was not made.
        metric_name: The metric that was searched by.
        training: Tells which values an estimator allows at all.

    Returns:
        A sentence or two for each.
    """
    warnings = [*_of_gain(best_trial, honest, metric_name)]
    if best_trial != 0:
        for name, value in best_parameters.items():
            warnings += _of_edge(name, value, space[name], training)
    return tuple(warnings)


def _of_gain(best_trial: int, honest: HonestScore | None, metric_name: str) -> Iterator[str]:
    label = metric(metric_name).label
    if best_trial == 0:
        yield "No trial was better than the configuration that the search began with."
        return
    if honest is None:
        return
    if honest.note is not None:
        yield f"The best value is not corrected for having been picked. {honest.note}"
    elif honest.gain is None or honest.noise is None:
        yield (
            "Whether the search has gained anything cannot be told: the configuration that it "
            "began with has no value."
        )
    elif honest.gain <= honest.noise:
        yield (
            "The search has not beaten the configuration that it began with by more than noise: "
            f"corrected for the choice it improves {label} by {honest.gain:.3g}, and without any "
            f"gain {honest.noise:.3g} would be exceeded in one of twenty searches."
        )


def _of_edge(name: str, value: Any, one: SearchSpace, training: TrainingOptions) -> Iterator[str]:
    if one.low is None or one.high is None:
        return
    size = math.log if one.log else float
    low, high, place = size(one.low), size(one.high), size(value)
    near = 0.0 if one.type == "int" else NEAR * (high - low)
    ends = {
        "lower": (place - low, one.low, -1, "low"),
        "upper": (high - place, one.high, 1, "high"),
    }
    for side, (distance, end, way, key) in ends.items():
        if distance > near + 1e-12 or not _goes_on(name, end, way, one, training):
            continue
        verb = "raise" if way > 0 else "lower"
        yield (
            f"{name} of the best trial, {value:.4g}, lies at the {side} end of what was searched "
            f"({one.low:g} to {one.high:g}): better values may lie beyond. Next step: {verb} "
            f"{key} of tuning.spaces.{training.estimator}.{name}."
        )


def _goes_on(name: str, end: float, way: int, one: SearchSpace, training: TrainingOptions) -> bool:
    """Tell whether a hyperparameter has values beyond one end of what was searched."""
    configured = getattr(training.estimators, training.estimator)
    if name not in configured.model_dump():
        return True
    beyond: float = (
        int(end) + way if one.type == "int" else end + way * BEYOND * max(abs(end), 1e-9)
    )
    try:
        type(configured).model_validate(configured.model_dump() | {name: beyond})
    except ValidationError:
        return False
    return True
