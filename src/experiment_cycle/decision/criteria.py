"""What the hypothesis demands, as linear combinations of the two models' metrics."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from experiment_cycle.decision.spending import SPENT, granted_level
from experiment_cycle.errors import ConfigurationError, near_misses
from experiment_cycle.hypothesis import Hypothesis
from experiment_cycle.metrics.catalogue import (
    check_asked,
    class_of,
    known_metrics,
    metric,
)
from experiment_cycle.metrics.costs import COSTS
from experiment_cycle.problem import Problem, Task

FOR_LOWER_IS_BETTER = {"max_increase", "max_increase_ratio", "max"}
FOR_GREATER_IS_BETTER = {"max_decrease", "min"}
AVERAGED = ("_ovr", "_macro")
"""Endings by which metrics of several classes differ from those of two."""


@dataclass(frozen=True)
class Criterion:
    """One demand: effect > threshold, where the effect is a linear combination of two metrics.

    The effect is `challenger_weight` x challenger + `incumbent_weight` x incumbent + `constant`,
    so that one formula serves margins, ratios and absolute limits, and greater is always better.
    """

    kind: Literal["primary", "guardrail"]
    metric: str
    limit: str
    value: float
    requirement: str
    challenger_weight: float
    incumbent_weight: float
    constant: float
    threshold: float
    expected_improvement: float | None = None

    @property
    def is_absolute(self) -> bool:
        """Tell whether the challenger alone is judged."""
        return self.incumbent_weight == 0.0

    @property
    def is_improvement(self) -> bool:
        """Tell whether the effect is the plain improvement, and not a distance from a limit."""
        return self.challenger_weight == -self.incumbent_weight

    def effect(self, challenger: float, incumbent: float) -> float:
        """Combine the metrics of the two models."""
        own = self.challenger_weight * challenger + self.constant
        return own if self.is_absolute else own + self.incumbent_weight * incumbent

    def planned_distance(self, incumbent: float) -> float:
        """Tell how far from the threshold the effect is planned to be.

        For the primary criterion that is where the expected improvement comes true, for a guardrail
        where the models do not differ.
        """
        if self.expected_improvement is not None:
            return self.expected_improvement - self.threshold
        return self.effect(incumbent, incumbent) - self.threshold


def list_criteria(hypothesis: Hypothesis) -> list[Criterion]:
    """Read the criteria out of a hypothesis, the primary first.

    Raises:
        ConfigurationError: a metric is not known.
    """
    primary = hypothesis.success_criteria.primary
    better = "rises" if metric(primary.metric).greater_is_better else "falls"
    first = _difference(
        "primary",
        primary.metric,
        ("min_improvement", primary.min_improvement),
        f"{better} by more than {primary.min_improvement:g}",
        primary.min_improvement,
        primary.expected_improvement,
    )
    rails = hypothesis.success_criteria.guardrails
    return [first, *(_guardrail(rail.metric, *rail.limit) for rail in rails)]


def improvement(name: str) -> Criterion:
    """Describe the improvement in a metric's good direction, without demanding anything of it."""
    return _difference("guardrail", name, ("none", 0.0), "shown", 0.0)


def check_hypothesis(hypothesis: Hypothesis, task: Task) -> None:
    """Check what can be known of a hypothesis before any data is read.

    Args:
        hypothesis: The criteria, and the metrics to track.
        task: Decides which metrics there are.

    Raises:
        ConfigurationError: the task has no such metric, a limit contradicts the metric's direction,
            or `alpha` is so small that not even a first look could promote. All of it is said at
            once.
    """
    problems = []
    for name in hypothesis.metrics():
        try:
            check_asked(name, task)
        except ConfigurationError as error:
            problems.append(error.message)
    if not problems:
        problems += _biased(hypothesis)
        for rail in hypothesis.success_criteria.guardrails:
            problems += _wrong_direction(rail.metric, rail.limit[0])
    if granted_level(hypothesis.alpha, 1) < SPENT:
        least = math.ceil(1e4 * SPENT / granted_level(1.0, 1)) / 1e4
        problems.append(
            f"alpha is {hypothesis.alpha:g}, of which the first look at a test set is granted "
            f"{granted_level(hypothesis.alpha, 1):.2g}; below {SPENT:g} nothing is promoted. "
            f"Next step: set alpha to {least:g} or more."
        )
    if problems:
        raise ConfigurationError(" ".join(dict.fromkeys(problems)))


def _biased(hypothesis: Hypothesis) -> list[str]:
    """Refuse criteria on a metric that cannot carry one."""
    criteria = hypothesis.success_criteria
    judged = [criteria.primary.metric, *(rail.metric for rail in criteria.guardrails)]
    reasons = {name: metric(name).biased for name in judged}
    if criteria.primary.metric in COSTS and reasons[criteria.primary.metric] is None:
        return [_no_primary(criteria.primary.metric), *_told_biased(reasons)]
    return _told_biased(reasons)


def _no_primary(name: str) -> str:
    return (
        f"'{name}' is a cost of the model, and cannot be the primary criterion. Next step: name a "
        f"metric of predictions there, and '{name}' under guardrails, such as with "
        "max_increase_ratio or require: superior."
    )


def _told_biased(reasons: dict[str, str | None]) -> list[str]:
    return [
        f"'{name}' can be tracked, but no criterion can rest on it: {reason}."
        for name, reason in reasons.items()
        if reason is not None
    ]


def check_metrics(hypothesis: Hypothesis, problem: Problem) -> None:
    """Check the metrics once it is known how many classes there are.

    Raises:
        ConfigurationError: a metric is not defined for this problem; those that are, are named.
    """
    known = known_metrics(problem.type)
    wrong = [name for name in hypothesis.metrics() if problem.type not in metric(name).problems]
    strange = {
        name: level
        for name in hypothesis.metrics()
        if name not in wrong and (level := class_of(name)) not in {None, *problem.names}
    }
    if strange:
        named = " ".join(
            f"'{name}' is that of a class '{level}', which there is not. "
            f"{near_misses(str(level), problem.names)}"
            for name, level in strange.items()
        )
        raise ConfigurationError(
            f"{named} Next step: name another in parameters_hypothesis.yml; no look was spent."
        )
    if not wrong:
        return
    classes = f" with {len(problem.classes)} classes" if problem.type == "multiclass" else ""
    told = " ".join(f"'{name}': {_in_place_of(name, known)}" for name in wrong)
    raise ConfigurationError(
        f"The hypothesis speaks of metrics that a {problem.type} problem{classes} does not have. "
        f"{told} Next step: name others in parameters_hypothesis.yml; no look was spent."
    )


def _in_place_of(name: str, known: list[str]) -> str:
    """Say which metric of several classes is which of two, or the likeliest."""
    bare = name
    for ending in AVERAGED:
        bare = bare.removesuffix(ending)
    for meant in (bare, *(bare + ending for ending in AVERAGED)):
        if meant in known:
            return f"did you mean '{meant}'? Known: {', '.join(known)}."
    return near_misses(name, known)


def _wrong_direction(name: str, limit: str) -> list[str]:
    greater = metric(name).greater_is_better
    allowed = FOR_GREATER_IS_BETTER if greater else FOR_LOWER_IS_BETTER
    if limit in {"superior", *allowed}:
        return []
    direction = "greater" if greater else "lower"
    return [
        f"The guardrail on '{name}' has the limit '{limit}', but {direction} is better for this "
        f"metric. Next step: use {' or '.join(sorted(allowed))}, or 'require: superior'."
    ]


def _guardrail(name: str, limit: str, value: float) -> Criterion:
    if limit == "superior":
        return _difference("guardrail", name, (limit, 0.0), "better than the incumbent's", 0.0)
    if limit in {"max_increase", "max_decrease"}:
        verb = "rises" if limit == "max_increase" else "falls"
        text = f"{verb} by less than {value:g}"
        return _difference("guardrail", name, (limit, value), text, -value)
    if limit == "max_increase_ratio":
        text = f"less than {1.0 + value:g} times the incumbent's"
        return Criterion("guardrail", name, limit, value, text, -1.0, 1.0 + value, 0.0, 0.0)
    if limit == "max":
        text = f"below {value:g}"
        return Criterion("guardrail", name, limit, value, text, -1.0, 0.0, value, 0.0)
    text = f"above {value:g}"
    return Criterion("guardrail", name, limit, value, text, 1.0, 0.0, -value, 0.0)


def _difference(
    kind: Literal["primary", "guardrail"],
    name: str,
    limit: tuple[str, float],
    requirement: str,
    threshold: float,
    expected_improvement: float | None = None,
) -> Criterion:
    """Demand something of the improvement: the difference in the metric's good direction."""
    sign = 1.0 if metric(name).greater_is_better else -1.0
    return Criterion(
        kind, name, *limit, requirement, sign, -sign, 0.0, threshold, expected_improvement
    )
