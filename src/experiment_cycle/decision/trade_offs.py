"""What the models cost, judged like other criteria where the hypothesis limits it."""

from __future__ import annotations

import numpy as np

from experiment_cycle.decision.criteria import Criterion, improvement
from experiment_cycle.decision.records import TrackedEffect, Verdict
from experiment_cycle.decision.verdicts import Status
from experiment_cycle.errors import IntegrityError
from experiment_cycle.evaluation.median_in_time import SOURCE, MedianInTime
from experiment_cycle.evaluation.prediction_cost import ModelCost, PredictionCost
from experiment_cycle.hypothesis import Hypothesis
from experiment_cycle.metrics.costs import COSTS, EXACT
from experiment_cycle.metrics.outcomes import Floats
from experiment_cycle.training.memory import MIB

LATENCIES = ("predict_latency_ms", "predict_batch_latency_ms")
TWO_SIDED = 0.05
BY_CLOCK = "measured on the machine of this run"
ONCE = f"measured once, no interval, {BY_CLOCK.removeprefix('measured ')}"
AFTER = {
    "met": "",
    "refuted": ", so that it withholds the promotion and never abandons",
    "undecided": "; a quieter one tells more",
}


def may_abandon(name: str) -> bool:
    """Tell whether a refuted criterion speaks against the hypothesis itself.

    What a busy or another machine may tell otherwise does not.
    """
    return name not in COSTS or name in EXACT


def check_costs(hypothesis: Hypothesis, cost: PredictionCost | None) -> None:
    """Refuse to decide on costs that were not measured; before a look is spent.

    Raises:
        IntegrityError: the hypothesis names a cost, and there is no record, or no value in it.
    """
    rails = [rail.metric for rail in hypothesis.success_criteria.guardrails]
    named = [name for name in hypothesis.metrics() if name in COSTS]
    if cost is None:
        lacking = named
    else:
        lacking = [name for name in rails if name in COSTS and _lacks(name, cost)]
    if lacking:
        raise IntegrityError(
            f"The hypothesis names {', '.join(lacking)}, which the record prediction_cost does not "
            "tell. Next step: kedro run --pipelines=evaluation,decision,reporting"
        )


def judge_cost(
    criterion: Criterion, cost: PredictionCost, lower_level: float, upper_level: float
) -> Verdict:
    """Judge a limit on a cost.

    A latency's effect is combined call by call, both models' calls of one turn, and its median is
    bounded: no distribution is supposed, and a limit on a ratio comes out as the ratio of the pairs
    would. The others are one number each, and compared as they are.

    Args:
        criterion: The demand.
        cost: Of both models.
        lower_level: Error level of the lower bound.
        upper_level: Error level of the upper bound.
    """
    name = criterion.metric
    own, other, effects = _effects(criterion, cost)
    lower, upper, p_value = None, None, None
    value = None if effects is None else float(np.median(effects))
    status: Status = "undecided"
    if effects is not None and name in LATENCIES:
        found = MedianInTime.of(effects)
        lower, upper = found.bounds(lower_level, upper_level)
        p_value = found.p_value(criterion.threshold)
        if lower is not None and lower > criterion.threshold:
            status = "met"
        elif upper is not None and upper <= criterion.threshold:
            status = "refuted"
    elif value is not None:
        status = "met" if value > criterion.threshold else "refuted"
    count = 0 if effects is None else len(effects)
    bounded = lower is not None or upper is not None
    return Verdict(
        criterion=criterion.kind,
        metric=name,
        requirement=criterion.requirement,
        challenger=own,
        incumbent=other,
        effect=value,
        threshold=criterion.threshold,
        lower=lower,
        upper=upper,
        lower_level=lower_level,
        upper_level=upper_level,
        p_value=p_value,
        test=_test(name, count),
        rows=_rows(name, cost),
        units=count,
        effective_units=float(count),
        enough_units=bounded or name not in LATENCIES,
        status=status,
        note=_note(name, count, status, bounded=bounded),
        is_improvement=criterion.is_improvement,
    )


def track_cost(name: str, cost: PredictionCost) -> TrackedEffect:
    """Measure a cost that decides nothing; a latency with its two-sided 95 % interval."""
    own, other, effects = _effects(improvement(name), cost)
    lower, upper, p_value = None, None, None
    count = 0 if effects is None else len(effects)
    if effects is not None and name in LATENCIES:
        found = MedianInTime.of(effects)
        lower, upper = found.bounds(TWO_SIDED / 2.0, TWO_SIDED / 2.0)
        p_value = found.two_sided()
    return TrackedEffect(
        metric=name,
        challenger=own,
        incumbent=other,
        effect=None if effects is None else float(np.median(effects)),
        lower=lower,
        upper=upper,
        p_value=p_value,
        probability_better=None,
        rows=_rows(name, cost),
        unit="call" if name in LATENCIES else "model",
        units=count,
        effective_units=float(count),
        test=_test(name, count),
        note=_told(name, other),
    )


def _effects(
    criterion: Criterion, cost: PredictionCost
) -> tuple[float | None, float | None, Floats | None]:
    """Give the cost of challenger and incumbent, and the effect by pairs, shape (n,)."""
    name = criterion.metric
    if name in LATENCIES:
        pairs = np.asarray(_pairs(name, cost), dtype=np.float64).reshape(-1, 2)
        if not len(pairs):
            return None, None, None
        own, other = np.median(pairs, axis=0).tolist()
    else:
        own, other = (_value(name, model) for model in (cost.challenger, cost.incumbent))
        if own is None or (other is None and not criterion.is_absolute):
            return own, other, None
        pairs = np.array([[own, 0.0 if other is None else other]])
    effects = criterion.challenger_weight * pairs[:, 0] + criterion.constant
    if not criterion.is_absolute:
        effects = effects + criterion.incumbent_weight * pairs[:, 1]
    return own, other, effects


def _pairs(name: str, cost: PredictionCost) -> tuple[tuple[float, float], ...]:
    return cost.row_pairs_ms if name == "predict_latency_ms" else cost.batch_pairs_ms


def _value(name: str, model: ModelCost) -> float | None:
    if name == "predict_memory_mib":
        return model.batch_memory_mib
    if name == "training_seconds":
        return model.training_seconds
    return None if model.model_bytes is None else model.model_bytes / MIB


def _lacks(name: str, cost: PredictionCost) -> bool:
    if name in LATENCIES:
        return not _pairs(name, cost)
    return any(_value(name, model) is None for model in (cost.challenger, cost.incumbent))


def _rows(name: str, cost: PredictionCost) -> int:
    """Count the rows of one call; none for what is not about calls."""
    one = {"predict_latency_ms": 1, "model_size_mib": 0, "training_seconds": 0}
    return one.get(name, cost.batch_rows)


def _test(name: str, count: int) -> str:
    if name in LATENCIES:
        return SOURCE.format(count=count)
    return "the numbers themselves" if name in EXACT else "one measurement each, no test"


def _note(name: str, count: int, status: Status, *, bounded: bool) -> str | None:
    if name in EXACT:
        return None
    told = f"{BY_CLOCK if name in LATENCIES else ONCE}{AFTER[status]}"
    if bounded or name not in LATENCIES:
        return told
    return f"{count} pairs of calls are too few for bounds at these levels; {told}"


def _told(name: str, incumbent: float | None) -> str | None:
    told = []
    if name in LATENCIES:
        told = [BY_CLOCK]
    elif name not in EXACT:
        told = [ONCE]
    if incumbent is None:
        told.append("the incumbent's is not known")
    return "; ".join(told) or None
