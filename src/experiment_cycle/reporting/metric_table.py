"""Every metric of both models as a table in Markdown."""

from __future__ import annotations

from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.lines import metric_lines
from experiment_cycle.reporting.markup import table
from experiment_cycle.reporting.numbers import estimate_or_reason


def metric_table(report: Report, challenger: str) -> str:
    """Tabulate every metric of both models, under the name by which the challenger is to go."""
    rows = [
        (
            line.label,
            estimate_or_reason(line.challenger),
            estimate_or_reason(line.incumbent),
            line.improvement,
        )
        for line in metric_lines(report)
    ]
    return table(("metric", challenger, report.incumbent.kind, "improvement"), rows, " rrr")
