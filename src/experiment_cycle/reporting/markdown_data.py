"""The data's part of the Markdown twin."""

from __future__ import annotations

from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.lines import part_table
from experiment_cycle.reporting.markup import escape, opening, table
from experiment_cycle.reporting.metric_terms import label
from experiment_cycle.reporting.numbers import number, percent, size
from experiment_cycle.reporting.profile_lines import (
    QUANTILES,
    column_lines,
    level_lines,
    target_line,
)
from experiment_cycle.reporting.terms import shown_status
from experiment_cycle.reporting.waterfall import row_lines

MOST_COLUMNS = 25
"""How many columns of the dataset the Markdown describes; the page has more."""


def describe_data(report: Report) -> list[str]:
    """Describe version, rows, target, columns, split and leakage checks in Markdown blocks."""
    version, split = report.version, report.split
    titles, values = part_table(report)
    parts = [
        (name, number(part.rows), percent(part.share), *values[name])
        for name, part in split.parts.items()
    ]
    findings = [
        (f"{found.code} {found.title}", shown_status(found.status), found.message)
        for found in report.leakage.findings
    ]
    way = [
        (line.table, line.origin, line.rows, line.change, line.reason) for line in row_lines(report)
    ]
    named = f", tag {escape(report.versioning.tag)}" if report.versioning.tag else ""
    ignored = split.override_reason
    return [
        "## Data and splits",
        f"{opening(version.backend)} version {escape(version.id[:12])}{named}: "
        f"{number(version.rows)} rows x {number(version.columns)} columns, "
        f"{size(version.size_bytes)}. Split: {label(split.strategy)}, seed {split.seed}.",
        f"**A declared column was ignored: {escape(ignored)}**" if ignored else "",
        f"Target {escape(report.columns.target)}: {_target(report)}.",
        table(("table", "from", "rows", "change", "why"), way, "  rr"),
        *_profile(report),
        table(("part", "rows", "share", *titles), parts, " rr" + "r" * len(titles)),
        table(("leakage check", "status", "found"), findings),
    ]


def _target(report: Report) -> str:
    number_line = target_line(report)
    if number_line is not None:
        found = dict(zip(QUANTILES, number_line.quantiles, strict=True))
        return f"mean {number_line.mean}, from {found['min']} to {found['max']}"
    levels = level_lines(report)
    prior = "; ".join(f"{escape(line.level)} {line.share}" for line in levels)
    more = len(report.profile.target) - len(levels)
    return f"{prior}; {number(more)} rarer levels" if more else prior


def _profile(report: Report) -> list[str]:
    rows = [
        (
            line.name,
            line.roles,
            line.type,
            line.missing,
            line.distinct,
            line.mean,
            line.deviation,
            ("≈ " if line.top_estimated and line.top else "")
            + ", ".join(value for value, _ in line.top),
        )
        for line in column_lines(report, MOST_COLUMNS)
    ]
    more = len(report.profile.columns) - len(rows)
    return [
        table(
            ("column", "role", "type", "missing", "distinct", "mean", "sd", "most frequent"),
            rows,
            "   rrrr",
        ),
        f"{number(more)} more columns are in dataset_profile.json." if more else "",
    ]
