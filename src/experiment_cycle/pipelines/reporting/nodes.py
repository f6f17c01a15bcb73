"""Nodes of the stage reporting."""

from typing import Any

from experiment_cycle.columns import Columns
from experiment_cycle.data_versioning.options import DataVersioningOptions
from experiment_cycle.hypothesis import Hypothesis
from experiment_cycle.reporting.evidence import collect
from experiment_cycle.reporting.html import render_html
from experiment_cycle.reporting.markdown import render_markdown
from experiment_cycle.reporting.model_card.card import render_model_card
from experiment_cycle.reporting.options import ReportingOptions
from experiment_cycle.training.options import TrainingOptions


def render_reports(
    hypothesis: Hypothesis,
    columns: Columns,
    versioning: DataVersioningOptions,
    training: TrainingOptions,
    options: ReportingOptions,
    command: str,
    **evidence: Any,
) -> tuple[str, str, str]:
    """Render the cycle's evidence as one HTML page, its Markdown twin, and the model card."""
    report = collect(hypothesis, columns, versioning, training, command, evidence)
    return (
        render_html(report, options),
        render_markdown(report, options),
        render_model_card(report, options),
    )
