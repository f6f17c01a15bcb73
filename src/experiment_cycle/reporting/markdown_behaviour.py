"""The Markdown twin's part on how the challenger behaves: edge cases, expectations, costs."""

from __future__ import annotations

from experiment_cycle.reporting.behaviour_lines import (
    behaviour_lines,
    edge_sentence,
    failed_cases,
)
from experiment_cycle.reporting.cost_lines import (
    call_cost_sentence,
    cost_effects,
    prediction_cost_lines,
)
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.markup import escape, opening, table
from experiment_cycle.reporting.residual_lines import residual_lines
from experiment_cycle.reporting.terms import shown_status


def describe_behaviour(report: Report) -> list[str]:
    """Write edge cases and expectations in Markdown blocks."""
    rows = [
        (line.name, line.change, line.expected, shown_status(line.status), line.holds, line.needed)
        for line in behaviour_lines(report.behaviour)
    ]
    titles = ("expectation", "change", "the prediction", "status", "holds in", "needed")
    failed = failed_cases(report.edge_cases)
    return [
        "## Edge cases and behaviour",
        escape(edge_sentence(report.edge_cases)),
        table(("failed", "column", "expected", "the model"), failed) if failed else "",
        table(titles, rows, "    rr") if rows else "",
    ]


def describe_costs(report: Report) -> list[str]:
    """Write what wrong calls, errors and predicting cost in Markdown blocks."""
    errors = residual_lines(report.residuals.residuals)
    titles: tuple[str, ...] = ("cost of predicting", "challenger", report.incumbent.kind, "ratio")
    lines: list[tuple[str, ...]] = [*prediction_cost_lines(report.prediction_cost)]
    if effects := cost_effects(report):
        titles = (*titles, "improvement")
        lines = [(*line, effect) for line, effect in zip(lines, effects, strict=True)]
    return [
        opening(call_cost_sentence(report)),
        table(("errors", "", "p"), errors, "  r") if errors else "",
        table(titles, lines, " ".ljust(len(titles), "r")),
    ]
