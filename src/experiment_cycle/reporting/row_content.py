"""What the page says of single rows: disagreement, failures, suspected labels, drift."""

from __future__ import annotations

from typing import Any

from experiment_cycle.reporting import disagreement_lines as disagreement
from experiment_cycle.reporting import doubt_lines as doubt
from experiment_cycle.reporting import failure_lines as failure
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.options import ReportingOptions


def row_content(report: Report, options: ReportingOptions) -> dict[str, Any]:
    """Write what the templates of these sections use."""
    most = options.failure_cases
    return {
        "disagreement_sentence": disagreement.disagreement_sentence(report),
        "broken_slices_sentence": disagreement.broken_slices_sentence(report.disagreement),
        "broken_slice_rows": disagreement.broken_slice_rows(report.disagreement),
        "broken_cases": disagreement.broken_case_table(report, most),
        "says": failure.SAYS[report.problem.type],
        "failure_titles": failure.failure_titles(report),
        "failures": failure.failure_lines(report, most),
        "failure_inputs": failure.input_table(report, report.failures, most),
        "explanation_sentences": failure.explanation_sentences(report),
        "label_sentence": doubt.label_sentence(report),
        "suspected": doubt.suspected_table(report, most),
        "drift_sentence": doubt.drift_sentence(report.test_drift),
        "drift_rows": doubt.drift_rows(report.test_drift),
    }
