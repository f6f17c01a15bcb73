"""What the report's tables say, line by line, for the HTML page and the Markdown twin alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from experiment_cycle.decision.criteria import list_criteria
from experiment_cycle.decision.records import TrackedEffect, Verdict
from experiment_cycle.evaluation.records import Estimate
from experiment_cycle.metrics.catalogue import metric
from experiment_cycle.reporting.drawing import (
    Span,
    VerdictDrawing,
    draw_estimates,
    draw_verdict,
)
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.metric_terms import good_direction, label
from experiment_cycle.reporting.numbers import (
    number,
    percent,
    rounded_alike,
    signed_as_precise,
    signed_interval,
)

NO_BOUND = "none"


@dataclass(frozen=True)
class CriterionLine:
    """One criterion with its verdict; the numbers are written with the same decimals."""

    verdict: Verdict
    label: str
    is_improvement: bool
    """The effect is a difference of the two models, and not a distance from a limit."""
    expected: str | None
    challenger: str
    incumbent: str
    effect: str
    lower: str
    upper: str
    between: str
    """Both bounds in one text."""
    threshold: str
    drawing: VerdictDrawing | None


@dataclass(frozen=True)
class MetricLine:
    """One metric of both models, with the improvement in its good direction."""

    name: str
    label: str
    direction: str
    challenger: Estimate
    incumbent: Estimate
    improvement: str
    judged: bool
    """The hypothesis judges this metric; its bounds stand with the criteria."""
    spans: tuple[Span, ...]


def criterion_lines(report: Report) -> list[CriterionLine]:
    """Write the verdicts, the primary criterion's first; none if nothing was compared."""
    criteria = list_criteria(report.hypothesis) if report.verdicts else []
    lines = []
    for verdict, criterion in zip(report.verdicts, criteria, strict=True):
        expected = criterion.expected_improvement
        challenger, incumbent = rounded_alike(verdict.challenger, verdict.incumbent)
        effect, *bounds = rounded_alike(verdict.effect, verdict.lower, verdict.upper)
        lower, upper = _bounds(verdict, bounds)
        lines.append(
            CriterionLine(
                verdict=verdict,
                label=label(verdict.metric),
                is_improvement=criterion.is_improvement,
                expected=None if expected is None else number(expected),
                challenger=challenger,
                incumbent=incumbent,
                effect=f"+{effect}" if (verdict.effect or 0.0) > 0.0 else effect,
                lower=lower,
                upper=upper,
                between=_between(lower, upper),
                threshold=number(verdict.threshold),
                drawing=draw_verdict(verdict, expected),
            )
        )
    return lines


def _bounds(verdict: Verdict, written: list[str]) -> list[str]:
    """Say ``none`` where there is an effect without a bound."""
    known = (verdict.lower, verdict.upper)
    return [
        text if bound is not None or verdict.effect is None else NO_BOUND
        for text, bound in zip(written, known, strict=True)
    ]


def _between(lower: str, upper: str) -> str:
    if NO_BOUND not in (lower, upper):
        return f"{lower} to {upper}"
    if lower == upper:
        return "no interval"
    return f"above {lower}" if upper == NO_BOUND else f"below {upper}"


def metric_lines(report: Report) -> list[MetricLine]:
    """Write every metric of both models."""
    tracked = {effect.metric: effect for effect in report.comparison.tracked}
    judged = {verdict.metric for verdict in report.verdicts}
    lines = []
    for name, challenger in report.metrics.challenger.items():
        incumbent = report.metrics.incumbent[name]
        lines.append(
            MetricLine(
                name=name,
                label=label(name),
                direction=good_direction(name),
                challenger=challenger,
                incumbent=incumbent,
                improvement=_improvement(name, challenger, incumbent, tracked.get(name)),
                judged=name in judged,
                spans=tuple(draw_estimates([challenger, incumbent])),
            )
        )
    return lines


def part_table(report: Report) -> tuple[list[str], dict[str, list[str]]]:
    """Write what is known of each part of the split besides its rows, as titles and texts."""
    parts = report.split.parts
    columns: dict[str, dict[str, float | None]] = {
        "groups": {name: part.groups for name, part in parts.items()},
        "positive": {name: part.positive_share for name, part in parts.items()},
        "mean of the target": {name: part.target_mean for name, part in parts.items()},
    }
    shown = [
        title
        for title, values in columns.items()
        if any(value is not None for value in values.values())
    ]
    write = {"positive": percent}
    return shown, {
        name: [
            "" if columns[title][name] is None else write.get(title, number)(columns[title][name])
            for title in shown
        ]
        for name in parts
    }


def settings(options: dict[str, Any]) -> list[tuple[str, str]]:
    """Write hyperparameters as pairs of name and value; inner ones have a dotted name."""
    pairs = []
    for name, value in options.items():
        if isinstance(value, dict):
            pairs += [(f"{name}.{inner}", text) for inner, text in settings(value)]
        else:
            pairs.append((name, "none" if value is None else written(value)))
    return pairs


def written(value: Any) -> str:
    """Write a value of unknown type: numbers with four digits, a missing value as nothing."""
    if isinstance(value, str | bool):
        return str(value)
    if value is None or value is pd.NaT or value is pd.NA:
        return ""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list | tuple):
        return ", ".join(written(item) for item in value)
    try:
        real = float(value)
    except (TypeError, ValueError):
        return str(value)
    return "" if pd.isna(real) else number(real)


def _improvement(
    name: str, challenger: Estimate, incumbent: Estimate, tracked: TrackedEffect | None
) -> str:
    if tracked is not None and tracked.effect is not None:
        return signed_interval(tracked.effect, tracked.lower, tracked.upper)
    if challenger.value is None or incumbent.value is None:
        return number(None)
    change = challenger.value - incumbent.value
    gain = change if metric(name).greater_is_better else -change
    return signed_as_precise(gain, challenger.lower, challenger.upper)
