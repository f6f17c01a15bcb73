"""The report's Markdown twin, fit for a comment on a pull request: decision first, tables after."""

from __future__ import annotations

from experiment_cycle.evaluation.records import Estimate
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.lines import (
    SAYS,
    criterion_lines,
    failure_table,
    metric_lines,
)
from experiment_cycle.reporting.markdown_data import describe_data
from experiment_cycle.reporting.markdown_model import (
    describe_confusion,
    describe_model,
    describe_seeds,
    describe_training,
)
from experiment_cycle.reporting.markup import escape, opening, table
from experiment_cycle.reporting.metric_terms import label
from experiment_cycle.reporting.model_lines import called_sentence
from experiment_cycle.reporting.numbers import (
    confidence,
    interval,
    number,
    p_value,
    percent,
)
from experiment_cycle.reporting.options import ReportingOptions
from experiment_cycle.reporting.slices import unsliced_columns, weakest_slices
from experiment_cycle.reporting.terms import SIGNS, shown_status, units


def render_markdown(report: Report, options: ReportingOptions) -> str:
    """Render the report as Markdown without HTML; what comes from data is escaped."""
    blocks = [
        *_decision(report),
        *_criteria(report),
        *_gates(report),
        *_metrics(report),
        *_slices(report, options),
        *_fairness(report),
        *_failures(report, options),
        *describe_data(report),
        *describe_model(report),
        *describe_training(report),
        *_environment(report),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _estimate(found: Estimate) -> str:
    text = interval(found.value, found.lower, found.upper)
    return f"{text}: {found.note}" if found.note and found.value is None else text


def _decision(report: Report) -> list[str]:
    sign = SIGNS[report.decision.decision]
    first, *others = report.decision.reasons or ("No reason was recorded.",)
    return [
        f"# {sign.icon} {sign.word}: {escape(report.hypothesis.statement)}",
        f"**{escape(first)}**",
        "\n".join(f"- {opening(reason)}" for reason in others),
        f"{opening(report.promotion.sentence)} Compared: {escape(report.challenger.estimator)} "
        f"against the {report.incumbent_name}. Hypothesis {escape(report.hypothesis.id)}; "
        f"expected: {escape(report.hypothesis.expected_outcome)}",
    ]


def _criteria(report: Report) -> list[str]:
    lines = criterion_lines(report)
    if not lines:
        return []
    first = lines[0].verdict
    rows = [
        (
            f"{line.label}, {line.verdict.criterion}",
            line.verdict.requirement,
            shown_status(line.verdict.status),
            line.challenger,
            line.incumbent if line.verdict.incumbent is not None else "",
            line.effect if line.is_improvement else f"{line.effect} from the limit",
            line.lower,
            line.upper,
            p_value(line.verdict.p_value),
        )
        for line in lines
    ]
    titles = ("criterion", "demand", "verdict", "challenger", report.incumbent.kind)
    bounds = (
        f"lower ({confidence(first.lower_level)})",
        f"upper ({confidence(first.upper_level)})",
    )
    needed = [
        f"{escape(line.label)} needs about {number(line.verdict.rows_needed)} test rows to tell; "
        f"there are {number(line.verdict.rows)}."
        for line in lines
        if line.verdict.rows_needed is not None and line.verdict.rows_needed > line.verdict.rows
    ]
    return [
        "## Criteria",
        table((*titles, "improvement", *bounds, "p"), rows, "   rrrrrr"),
        "\n".join(f"- {opening(line.label)}: {escape(line.verdict.test)}" for line in lines),
        " ".join(needed),
    ]


def _gates(report: Report) -> list[str]:
    rows = [
        (
            gate.title,
            shown_status(gate.status),
            "required" if gate.required else "advisory",
            gate.evidence,
        )
        for gate in report.gates
    ]
    return ["## Gates", table(("gate", "status", "weight", "evidence"), rows)]


def _metrics(report: Report) -> list[str]:
    found = report.metrics
    rows = [
        (line.label, _estimate(line.challenger), _estimate(line.incumbent), line.improvement)
        for line in metric_lines(report)
    ]
    return [
        "## Metrics",
        f"{number(found.rows)} test rows, in {units(found.unit, found.units)}; "
        f"{percent(found.confidence)} intervals. {called_sentence(report)}".rstrip(),
        table(("metric", "challenger", report.incumbent.kind, "improvement"), rows, " rrr"),
        *describe_confusion(report),
        *describe_seeds(report),
    ]


def _slices(report: Report, options: ReportingOptions) -> list[str]:
    slices = weakest_slices(report.slices, options.slices)
    unsliced = ", ".join(map(escape, unsliced_columns(report.slices)))
    apart = f"Not sliced, because their values differ within queries: {unsliced}."
    if not slices:
        return ["## Weakest slices", apart] if unsliced else []
    names = list(slices[0].metrics)
    overall = slices[0].overall
    titles = [f"{label(name)} (all: {number(overall[name])})" for name in names]
    rows = [
        (
            f"{found.column}: {found.level}",
            number(found.rows),
            *(_estimate(found.metrics[name]) for name in names),
        )
        for found in slices
    ]
    return [
        "## Weakest slices",
        table(("slice", "rows", *titles), rows, " r" + "r" * len(names)),
        apart if unsliced else "",
    ]


def _fairness(report: Report) -> list[str]:
    blocks = ["## Fairness"]
    if not report.fairness.columns:
        blocks.append("No column is declared sensitive, so that no groups were compared.")
    for sensitive in report.fairness.columns:
        names = list(sensitive.groups[0].metrics) if sensitive.groups else []
        rows = [
            (
                group.level if group.compared else f"{group.level} (too few rows, not compared)",
                number(group.rows),
                *(_estimate(group.metrics[name]) for name in names),
            )
            for group in sensitive.groups
        ]
        titles = (escape(sensitive.column), "rows", *map(label, names))
        gaps = [f"{label(name)} {number(gap)}" for name, gap in sensitive.gaps.items()]
        if rows:
            blocks.append(table(titles, rows, " r" + "r" * len(names)))
        else:
            blocks.append(f"**{escape(sensitive.column)}**")
        blocks.append("; ".join(gaps) + "." if gaps else "")
        blocks.append(opening(sensitive.note or ""))
    return blocks


def _failures(report: Report, options: ReportingOptions) -> list[str]:
    titles, rows = failure_table(report, options.failure_cases)
    if not rows:
        return []
    return [
        "## Failure cases",
        f"{SAYS[report.problem.type]} These rows show outcomes of the test set. A challenger built "
        "from them can no longer be judged on it.",
        table([escape(title) for title in titles], rows),
    ]


def _environment(report: Report) -> list[str]:
    found = report.environment
    commit = "not under git" if found.git_commit is None else found.git_commit[:12]
    dirty = ", with uncommitted changes" if found.git_clean is False else ""
    return [
        "## Reproduce",
        f"Python {escape(found.python)} on {escape(found.system)}; code: {commit}{dirty}; data: "
        f"content hash {report.version.content_hash[:12]}; challenger: "
        f"{report.challenger.identity[:12]}. Run again: `{report.command}`. The record: "
        "`kedro mlflow ui`. The pipeline: `kedro viz run`.",
    ]
