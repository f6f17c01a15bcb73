"""What the page says of how the challenger behaves: edge cases, expectations, costs, errors."""

from __future__ import annotations

from typing import Any

from experiment_cycle.reporting import behaviour_lines as behaviour
from experiment_cycle.reporting.cost_lines import (
    call_cost_sentence,
    cost_effects,
    prediction_cost_lines,
)
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.residual_lines import residual_lines


def behaviour_content(report: Report) -> dict[str, Any]:
    """Write what the templates of these sections use."""
    return {
        "edge_sentence": behaviour.edge_sentence(report.edge_cases),
        "failed_cases": behaviour.failed_cases(report.edge_cases),
        "case_lines": behaviour.case_lines(report.edge_cases),
        "behaviour_lines": behaviour.behaviour_lines(report.behaviour),
        "prediction_cost_lines": prediction_cost_lines(report.prediction_cost),
        "cost_effects": cost_effects(report),
        "call_cost_sentence": call_cost_sentence(report),
        "residual_lines": residual_lines(report.residuals.residuals),
    }
