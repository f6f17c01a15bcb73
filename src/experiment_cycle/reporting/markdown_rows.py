"""What the Markdown twin says of single rows: disagreement, failures, suspected labels, drift."""

from __future__ import annotations

from experiment_cycle.reporting.disagreement_lines import (
    broken_slice_rows,
    broken_slices_sentence,
    disagreement_sentence,
)
from experiment_cycle.reporting.doubt_lines import drift_sentence, label_sentence
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.failure_lines import (
    SAYS,
    Driver,
    explanation_sentences,
    failure_lines,
    failure_titles,
)
from experiment_cycle.reporting.markup import escape, opening, table
from experiment_cycle.reporting.options import ReportingOptions

WARNING = (
    "These rows show outcomes of the test set. A challenger built from them can no longer be "
    "judged on it."
)


def describe_disagreement(report: Report) -> list[str]:
    """Write what was fixed and what was broken."""
    found = report.disagreement
    slices = [
        f"{name} ({share} broken, {elsewhere} elsewhere, {fixed} fixed)"
        for name, _, share, elsewhere, fixed in broken_slice_rows(found)
    ]
    listed = f"{'; '.join(slices)}." if slices else ""
    return [
        "## Disagreement",
        opening(disagreement_sentence(report)),
        f"{opening(broken_slices_sentence(found))} {escape(listed)}".rstrip(),
    ]


def describe_failures(report: Report, options: ReportingOptions) -> list[str]:
    """Write the worst rows, and why they came out as they did."""
    lines = failure_lines(report, options.failure_cases)
    if not lines:
        return []
    rows = [
        (
            line.name,
            line.loss,
            line.says,
            line.truth,
            line.incumbent,
            "; ".join(map(_driver, line.drivers)),
            ", ".join(line.neighbours),
        )
        for line in lines
    ]
    titles = [*map(escape, failure_titles(report)), "driven by", "training says"]
    return [
        "## Failure cases",
        f"{SAYS[report.problem.type]} {WARNING}",
        table(titles, rows),
        opening(" ".join(explanation_sentences(report))),
    ]


def describe_doubts(report: Report) -> list[str]:
    """Write how many labels are suspected, and which columns drifted."""
    return [
        "## Suspected labels and drift",
        opening(label_sentence(report)),
        f"Test against train: {escape(drift_sentence(report.test_drift))}",
    ]


def _driver(driver: Driver) -> str:
    return f"{driver.feature} {driver.value} ({driver.contribution})"
