"""What the report says of the cost of predicting, and of wrong calls."""

from __future__ import annotations

from experiment_cycle.evaluation.prediction_cost import PredictionCost, Ratio
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.numbers import interval, number, signed_interval, size


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
