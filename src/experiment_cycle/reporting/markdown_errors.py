"""Slices and fairness in the report's Markdown twin."""

from __future__ import annotations

from experiment_cycle.evaluation.records import SensitiveColumn
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.fairness_lines import (
    alternatives,
    gap_lines,
    mitigation_sentence,
    weak_sentence,
)
from experiment_cycle.reporting.markup import escape, opening, table
from experiment_cycle.reporting.metric_terms import label
from experiment_cycle.reporting.numbers import (
    estimate_or_reason,
    number,
    p_value,
    signed_interval,
)
from experiment_cycle.reporting.options import ReportingOptions
from experiment_cycle.reporting.slices import (
    Slice,
    declared_slices,
    unsliced_columns,
    weakest_slices,
)


def describe_slices(report: Report, options: ReportingOptions) -> list[str]:
    """Write the confirmed weak slices first, then the declared ones, then the weakest levels."""
    confirmed = [
        (
            found.slice,
            number(found.rows),
            number(found.loss),
            number(found.rest),
            signed_interval(found.excess, found.lower, found.upper),
            p_value(found.adjusted_p_value),
        )
        for found in report.weak_slices.slices
        if found.confirmed
    ]
    titles = ("slice", "rows", report.weak_slices.loss, "in the rest", "excess", "p, adjusted")
    unsliced = ", ".join(map(escape, unsliced_columns(report.slices)))
    levels = weakest_slices(report.slices, options.slices)
    return [
        "## Slices",
        escape(weak_sentence(report.weak_slices)),
        table(titles, confirmed, " rrrrr") if confirmed else "",
        *_measured("Declared", declared_slices(report.slices)),
        *_measured("Weakest levels, which prove nothing", levels),
        f"Not sliced, because their values differ within queries: {unsliced}." if unsliced else "",
    ]


def _measured(title: str, slices: list[Slice]) -> list[str]:
    """Write slices with all their metrics."""
    if not slices:
        return []
    names = list(slices[0].metrics)
    overall = slices[0].overall
    titles = [f"{label(name)} (all: {number(overall[name])})" for name in names]
    rows = [
        (
            f"{found.column}: {found.level}",
            number(found.rows),
            *(
                estimate_or_reason(found.metrics[name]) if name in found.metrics else ""
                for name in names
            ),
        )
        for found in slices
    ]
    return [f"**{title}**", table(("slice", "rows", *titles), rows, " r" + "r" * len(names))]


def describe_fairness(report: Report) -> list[str]:
    """Write every sensitive column with its gaps, and the fairer alternatives."""
    blocks = ["## Fairness"]
    if not report.fairness.columns:
        blocks.append("No column is declared sensitive, so that no groups were compared.")
    for sensitive in report.fairness.columns:
        blocks += _groups(sensitive)
    told = mitigation_sentence(report.mitigation)
    rows = [
        (each.name, estimate_or_reason(each.objective), estimate_or_reason(each.gap))
        for each in alternatives(report.mitigation)
    ]
    titles = ("model", label(report.mitigation.objective), label(report.mitigation.gap))
    return [*blocks, escape(told), table(titles, rows, " rr") if rows else ""]


def _groups(sensitive: SensitiveColumn) -> list[str]:
    names = list(sensitive.groups[0].metrics) if sensitive.groups else []
    rows = [
        (
            group.level if group.compared else f"{group.level} (too few rows, not compared)",
            number(group.rows),
            *(estimate_or_reason(group.metrics[name]) for name in names),
        )
        for group in sensitive.groups
    ]
    titles = (escape(sensitive.column), "rows", *map(label, names))
    gaps = [
        (
            line.label,
            *(estimate_or_reason(gap) if gap else "" for gap in (line.difference, line.ratio)),
        )
        for line in gap_lines(sensitive)
    ]
    return [
        table(titles, rows, " r" + "r" * len(names)) if rows else f"**{escape(sensitive.column)}**",
        table(("gap", "difference", "ratio"), gaps, " rr") if gaps else "",
        opening(sensitive.note or ""),
    ]
