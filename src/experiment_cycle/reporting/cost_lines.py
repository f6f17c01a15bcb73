"""What the report says of the cost of predicting, and of wrong calls."""

from __future__ import annotations

from experiment_cycle.evaluation.prediction_cost import PredictionCost, Ratio
from experiment_cycle.metrics.costs import COSTS
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.numbers import interval, number, signed_interval, size

_NAMES = (
    "predict_latency_ms",
    "",
    "predict_batch_latency_ms",
    "",
    "predict_memory_mib",
    "model_size_mib",
    "training_seconds",
)
"""Of the lines of costs, by which the hypothesis names them."""
_UNITS = {"ms": "ms", "mib": "MiB", "seconds": "s"}


def prediction_cost_lines(found: PredictionCost) -> list[tuple[str, str, str, str]]:
    """Write what it costs: what, challenger, incumbent, challenger over incumbent."""
    own, other = found.challenger, found.incumbent
    many = f"{number(found.batch_rows)} rows"
    lines = [
        ("one row, median", _ms(own.row.p50_ms), _ms(other.row.p50_ms), _ratio(found.row_ratio)),
        ("one row, 95th percentile", _ms(own.row.p95_ms), _ms(other.row.p95_ms), ""),
        (
            f"{many}, median",
            _ms(own.batch.p50_ms),
            _ms(other.batch.p50_ms),
            _ratio(found.batch_ratio),
        ),
        (f"{many}, 95th percentile", _ms(own.batch.p95_ms), _ms(other.batch.p95_ms), ""),
        (f"memory for {many}", _mib(own.batch_memory_mib), _mib(other.batch_memory_mib), ""),
        ("size of the file", _bytes(own.model_bytes), _bytes(other.model_bytes), ""),
    ]
    if own.training_seconds is not None:
        seconds = (_seconds(own.training_seconds), _seconds(other.training_seconds))
        lines.append(("training, measured once", *seconds, ""))
    return lines


def cost_effects(report: Report) -> list[str]:
    """Write the improvement in every cost that the hypothesis names, beside its line of costs.

    Returns:
        As many texts as there are lines, empty where a cost is not named; none if no cost is.
    """
    told = {
        found.metric: f"{signed_interval(found.effect, found.lower, found.upper)} "
        f"{_UNITS[found.metric.rsplit('_', 1)[-1]]}, tracked"
        for found in report.comparison.tracked
        if found.effect is not None and found.metric in COSTS
    }
    told |= {found.metric: "judged above" for found in report.verdicts}
    count = len(prediction_cost_lines(report.prediction_cost))
    effects = [told.get(name, "") for name in _NAMES[:count]]
    return effects if any(effects) else []


def call_cost_sentence(report: Report) -> str:
    """Say what wrong calls cost on the test rows; empty where both kinds count alike.

    The cost is then no more than the share of wrong calls, which is in the metrics.
    """
    found = report.call_costs
    chosen = report.training.threshold.choose_by == "costs"
    if found.challenger is None or found.incumbent is None or found.improvement is None:
        return ""
    if not chosen and found.false_positive == found.false_negative:
        return ""
    own, other, less = (
        (each.value, each.lower, each.upper)
        for each in (found.challenger, found.incumbent, found.improvement)
    )
    return (
        f"Wrong calls cost {interval(*own)} a test row by the challenger, {interval(*other)} by "
        f"the {report.incumbent.kind}: {signed_interval(*less)} of improvement. A false positive "
        f"costs {number(found.false_positive)}, a false negative {number(found.false_negative)}."
    )


def _ms(value: float) -> str:
    return f"{value:.3g} ms"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.3g} s"


def _mib(value: float) -> str:
    return f"{value:.2g} MiB"


def _bytes(value: int | None) -> str:
    return "" if value is None else size(value)


def _ratio(found: Ratio) -> str:
    return interval(found.value, found.lower, found.upper)
