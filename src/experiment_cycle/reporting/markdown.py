"""The report's Markdown twin, fit for a comment on a pull request: decision first, tables after."""

from __future__ import annotations

from collections.abc import Sequence

from experiment_cycle.decision.overlap_wording import describe_measured
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.lines import (
    criterion_lines,
)
from experiment_cycle.reporting.markdown_behaviour import describe_behaviour, describe_costs
from experiment_cycle.reporting.markdown_data import describe_data
from experiment_cycle.reporting.markdown_errors import describe_fairness, describe_slices
from experiment_cycle.reporting.markdown_model import (
    describe_confusion,
    describe_model,
    describe_seeds,
    describe_training,
)
from experiment_cycle.reporting.markdown_rows import (
    describe_disagreement,
    describe_doubts,
    describe_failures,
)
from experiment_cycle.reporting.markup import escape, opening, table
from experiment_cycle.reporting.metric_table import metric_table
from experiment_cycle.reporting.model_lines import called_sentence
from experiment_cycle.reporting.numbers import (
    confidence,
    number,
    p_value,
    percent,
)
from experiment_cycle.reporting.options import ReportingOptions
from experiment_cycle.reporting.reproduction import reproduction
from experiment_cycle.reporting.terms import SIGNS, in_units, shown_status
from experiment_cycle.reporting.what_if_lines import counterfactual_sentence, counterfactual_table

MOST_CHARACTERS = 65_000
"""A comment on GitHub holds 65,536."""
ROOM_FOR_NOTE = 500
ALWAYS = frozenset({"", "Criteria", "Gates"})


def render_markdown(report: Report, options: ReportingOptions) -> str:
    """Render the report as Markdown without HTML; what comes from data is escaped."""
    blocks = [
        *_decision(report),
        *_criteria(report),
        *_gates(report),
        *_metrics(report),
        *describe_slices(report, options),
        *describe_fairness(report),
        *describe_disagreement(report),
        *describe_failures(report, options),
        *describe_doubts(report),
        *describe_behaviour(report),
        *_what_if(report),
        *describe_data(report),
        *describe_model(report),
        *describe_training(report),
        *_environment(report),
    ]
    return fitted([block for block in blocks if block], MOST_CHARACTERS)


def fitted(blocks: Sequence[str], most: int) -> str:
    """Join blocks; where they are too many, leave the longest tables out and name their sections.

    Args:
        blocks: Markdown; one that starts with ``## `` opens a section.
        most: Characters at most. The decision, the criteria and the gates always stay.
    """
    kept, section = [], ""
    for block in blocks:
        section = block.removeprefix("## ") if block.startswith("## ") else section
        kept.append((section, block))
    left: list[str] = []
    while sum(len(block) + 2 for _, block in kept) + ROOM_FOR_NOTE > most:
        tables = [each for each in kept if each[1].startswith("|") and each[0] not in ALWAYS]
        if not tables:
            break
        longest = max(tables, key=lambda each: len(each[1]))
        kept.remove(longest)
        left.append(longest[0])
    note = (
        f"Tables left out to keep this short, of: {', '.join(dict.fromkeys(left))}. All are in "
        "report.html."
    )
    return "\n\n".join([*(block for _, block in kept), *([note] if left else [])]) + "\n"


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
    return [
        "## Metrics",
        f"{number(found.rows)} test rows{in_units(found.unit, found.units)}; "
        f"{percent(found.confidence)} intervals. {called_sentence(report)}".rstrip(),
        escape(describe_measured(report.comparison, found.rows)),
        metric_table(report, "challenger"),
        *describe_costs(report),
        *describe_confusion(report),
        *describe_seeds(report),
    ]


def _what_if(report: Report) -> list[str]:
    titles, rows = counterfactual_table(report)
    written = table(titles, rows) if rows else ""
    return ["## Nearest counterfactuals", escape(counterfactual_sentence(report)), written]


def _environment(report: Report) -> list[str]:
    found = report.environment
    commit = "not under git" if found.git_commit is None else found.git_commit[:12]
    dirty = ", with uncommitted changes" if found.git_clean is False else ""
    again = reproduction(report.command)
    keys = ", ".join(map(escape, again["local_keys"]))
    personal = (
        f"The run had settings from conf/local, which git does not keep: {keys}. Their values are "
        "in the record, in `configuration.yml`."
    )
    return [
        "## Reproduce",
        f"Python {escape(found.python)} on {escape(found.system)}; code: {commit}{dirty}; data: "
        f"content hash {report.version.content_hash[:12]}; challenger: "
        f"{report.challenger.identity[:12]}. Run again: `{again['command']}`. The record: "
        "`kedro mlflow ui`. The pipeline: `kedro viz run`.",
        personal if keys else "",
    ]
