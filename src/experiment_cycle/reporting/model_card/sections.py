"""The card's sections that the record fills: details, data, measurements, doubts."""

from __future__ import annotations

from collections.abc import Iterator

from experiment_cycle.reporting.behaviour_lines import edge_sentence
from experiment_cycle.reporting.cost_lines import prediction_cost_lines
from experiment_cycle.reporting.doubt_lines import drift_sentence
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.fairness_lines import GAP_NOTE
from experiment_cycle.reporting.lines import criterion_lines, metric_lines, settings
from experiment_cycle.reporting.markdown_errors import describe_fairness, describe_slices
from experiment_cycle.reporting.markup import escape, opening, table
from experiment_cycle.reporting.metric_table import metric_table
from experiment_cycle.reporting.metric_terms import explanation, label
from experiment_cycle.reporting.model_card.leakage import held_out_sentence
from experiment_cycle.reporting.model_card.reforms_evidence import (
    code_sentence,
    evaluation_sentence,
    interval_sentence,
    size_sentence,
    target_sentence,
    transformations,
)
from experiment_cycle.reporting.model_lines import (
    called_sentence,
    cost_lines,
    model_facts,
    stopped_sentence,
    threshold_sentence,
)
from experiment_cycle.reporting.numbers import estimate_or_reason, number
from experiment_cycle.reporting.options import ReportingOptions
from experiment_cycle.reporting.terms import SIGNS, shown_status

MOST_FEATURES = 40
"""How many features the card names; all are in the record."""
MOST_SLICES = 5
"""How many of the weakest levels the card shows; the report has more."""
CALIBRATION = ("brier", "ece", "log_loss")


def details(report: Report) -> list[str]:
    """Say what the model is, where it is kept, and what it was made with."""
    features = report.challenger.features
    more = len(features) - MOST_FEATURES
    named = ", ".join(features[:MOST_FEATURES])
    facts = [
        ("Registered as", registered(report)),
        *model_facts(report),
        ("Reads", f"{named} and {number(more)} more" if more > 0 else named),
        ("Environment", f"Python {report.environment.python} on {report.environment.system}"),
        ("Code", code_sentence(report)),
        ("Made by", report.command),
    ]
    return [
        table(("fact", "value"), facts),
        opening(threshold_sentence(report)),
        table(("hyperparameter", "value"), settings(report.challenger.hyperparameters), " r"),
    ]


def registered(report: Report) -> str:
    """Say under which name and version the model is kept, or that it is not."""
    found = report.promotion
    if found.version is None:
        return "not registered"
    aliases = ", ".join(found.aliases)
    return f"{found.registered_model}, version {found.version}" + (
        f" ({aliases})" if aliases else ""
    )


def factors(report: Report) -> list[str]:
    """Name the groups by which the model was judged."""
    sensitive = ", ".join(map(escape, report.columns.sensitive)) or "none is declared"
    return [f"Sensitive columns: {sensitive}. Slices and groups are under Quantitative analyses."]


def metrics(report: Report) -> list[str]:
    """Say what is measured, why these metrics, and how sure the numbers are."""
    rows = [
        (line.label, line.direction, explanation(line.name) or "") for line in metric_lines(report)
    ]
    judged = ", ".join(dict.fromkeys(label(verdict.metric) for verdict in report.verdicts))
    found = report.metrics
    return [
        f"The hypothesis is decided by: {escape(judged)}." if judged else "",
        table(("metric", "direction", "meaning"), rows),
        f"{opening(interval_sentence(found))} {escape(called_sentence(report))}".rstrip(),
    ]


def evaluation_data(report: Report) -> list[str]:
    """Say on which rows the model was judged, and whether they differ from those of training."""
    return [opening(evaluation_sentence(report)), opening(drift_sentence(report.test_drift))]


def training_data(report: Report) -> list[str]:
    """Say what the model learned from."""
    version = report.version
    return [
        f"{opening(version.backend)} version {escape(version.id[:12])}, content hash "
        f"{version.content_hash[:12]}. {escape(size_sentence(report))}",
        f"Target {escape(target_sentence(report))}",
        f"{opening(transformations(report))} {escape(stopped_sentence(report))}",
    ]


def analyses(report: Report, options: ReportingOptions) -> list[str]:
    """Write the metrics, then those of slices and groups, of one column and of several."""
    fewer = options.model_copy(update={"slices": min(options.slices, MOST_SLICES)})
    return [
        f"{opening(held_out_sentence(report))} Compared with the {escape(report.incumbent_name)}, "
        f"{escape(report.incumbent.estimator)}.",
        metric_table(report, "this model"),
        *_criteria(report),
        opening(calibration_sentence(report)),
        "### By slice (unitary and intersectional)",
        *describe_slices(report, fewer)[1:],
        "### By group (sensitive columns, then their intersections)",
        *describe_fairness(report)[1:],
        GAP_NOTE if report.fairness.columns else "",
        "### Cost",
        *_costs(report),
    ]


def calibration_sentence(report: Report) -> str:
    """Say how well probabilities fit; empty where none are predicted."""
    found = [
        f"{label(name)} {estimate_or_reason(report.metrics.challenger[name])}"
        for name in CALIBRATION
        if name in report.metrics.challenger
    ]
    if not report.problem.classes or not found:
        return ""
    return f"Calibration ({report.challenger.calibration}): {'; '.join(found)}."


def doubts(report: Report) -> list[str]:
    """List what the record holds against the model; a sentence where there is nothing."""
    found = list(_doubts(report))
    if not found:
        return ["The record holds nothing against the model: see the open items."]
    return ["\n".join(f"- {opening(each)}" for each in found)]


def _doubts(report: Report) -> Iterator[str]:
    if report.decision.decision != "promote":
        yield f"It was not promoted ({SIGNS[report.decision.decision].word})."
        yield from report.decision.reasons
    else:
        yield from (
            f"Gate {gate.title}: {SIGNS[gate.status].word}. {gate.evidence}"
            for gate in report.gates
            if gate.status != "passed"
        )
    for item in report.leakage.findings:
        if item.status in {"failed", "warning", "waived"}:
            yield f"{item.code} {SIGNS[item.status].word}: {item.message}"
    for found in report.weak_slices.slices:
        if found.confirmed:
            yield f"A weak slice is confirmed: {found.slice} ({number(found.rows)} rows)."
    if report.edge_cases.failed:
        yield edge_sentence(report.edge_cases)


def _criteria(report: Report) -> list[str]:
    rows = [
        (line.label, line.verdict.requirement, shown_status(line.verdict.status))
        for line in criterion_lines(report)
    ]
    return [table(("criterion", "demand", "verdict"), rows)] if rows else []


def _costs(report: Report) -> list[str]:
    training = [(f"training: {name}", own) for name, own, _ in cost_lines(report) if own]
    predicting = [
        (f"predicting: {name}", own)
        for name, own, *_ in prediction_cost_lines(report.prediction_cost)
    ]
    return [table(("what", "this model"), [*training, *predicting], " r")]
