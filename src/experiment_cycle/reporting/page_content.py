"""What the templates of the page are filled with."""

from __future__ import annotations

from typing import Any

from experiment_cycle.decision.overlap_wording import describe_measured
from experiment_cycle.decision.wording import describe_foresight
from experiment_cycle.reporting import model_lines as model
from experiment_cycle.reporting import search_lines as search
from experiment_cycle.reporting.behaviour_content import behaviour_content
from experiment_cycle.reporting.confusion_lines import ConfusionTable, confusion_table
from experiment_cycle.reporting.drawing import draw_against
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.fairness_lines import (
    GAP_NOTE,
    alternatives,
    mitigation_sentence,
    weak_sentence,
)
from experiment_cycle.reporting.figures import PagePlot, page_plot
from experiment_cycle.reporting.first_screen import first_screen
from experiment_cycle.reporting.lines import (
    criterion_lines,
    metric_lines,
    part_table,
)
from experiment_cycle.reporting.metric_terms import explanation, label
from experiment_cycle.reporting.model_card.page import card_content
from experiment_cycle.reporting.options import ReportingOptions
from experiment_cycle.reporting.profile_lines import (
    QUANTILES,
    column_lines,
    level_lines,
    target_line,
)
from experiment_cycle.reporting.reproduction import reproduction
from experiment_cycle.reporting.row_content import row_content
from experiment_cycle.reporting.seed_lines import seed_lines, seed_sentence
from experiment_cycle.reporting.slices import (
    declared_slices,
    unsliced_columns,
    weakest_slices,
)
from experiment_cycle.reporting.terms import TERMS
from experiment_cycle.reporting.waterfall import row_lines
from experiment_cycle.reporting.what_if_lines import counterfactual_sentence, counterfactual_table

MOST_COLUMNS = 200
"""How many columns of the dataset the page describes; all are in the profile itself."""


def page_content(report: Report, options: ReportingOptions) -> dict[str, Any]:
    """Write every line, table and plot of the page, by the name that the templates use."""
    return {
        "report": report,
        "plots": _plots(report),
        "hashes": _hashes(report),
        **reproduction(report.command),
        "glossary": glossary(report),
        **first_screen(report),
        **_verdicts(report),
        **_data(report),
        **_search(report),
        **_model(report),
        **_errors(report, options),
        **row_content(report, options),
        **behaviour_content(report),
        **_what_if(report),
        **card_content(report, options),
    }


def glossary(report: Report) -> dict[str, str]:
    """Explain every word of a report: those of all reports, then its own metrics and gaps."""
    columns = report.fairness.columns
    names = [
        *report.metrics.challenger,
        *report.history.validation,
        *([report.search.metric] if report.search.searched else []),
        *report.slices["metric"].unique(),
        *(name for column in columns for group in column.groups for name in group.metrics),
        *(name for column in columns for name in column.gaps),
    ]
    found = {label(name): explanation(name) for name in map(str, names)}
    return TERMS | {name: meaning for name, meaning in found.items() if meaning is not None}


def confusions(report: Report) -> list[ConfusionTable]:
    """Write the confusion matrices on the test rows; none unless classes are predicted."""
    found, by_class = report.metrics.confusion or {}, report.metrics.by_class or {}
    names = {"challenger": "challenger", "incumbent": report.incumbent.kind}
    return [
        confusion_table(
            f"Calls of the {names[who]} on the test rows",
            matrix,
            report.metrics.classes,
            by_class.get(who, ()),
        )
        for who, matrix in found.items()
    ]


def validation_confusion(report: Report) -> ConfusionTable:
    """Write the challenger's confusion matrix on validation."""
    found = report.validation
    return confusion_table("Calls of the challenger on validation", found.confusion, found.classes)


def _verdicts(report: Report) -> dict[str, Any]:
    return {
        "criteria": criterion_lines(report),
        "foresight_sentence": ""
        if report.comparison.foresight is None
        else describe_foresight(report.comparison.foresight),
        "metrics": metric_lines(report),
        "called_sentence": model.called_sentence(report),
        "measured_sentence": describe_measured(report.comparison, report.metrics.rows),
        "confusions": confusions(report),
        "seed_lines": seed_lines(report),
        "seed_sentence": seed_sentence(report.comparison),
    }


def _data(report: Report) -> dict[str, Any]:
    titles, values = part_table(report)
    return {
        "row_lines": row_lines(report),
        "level_lines": level_lines(report),
        "target_line": target_line(report),
        "column_lines": column_lines(report, MOST_COLUMNS),
        "quantile_names": QUANTILES,
        "has_estimates": any(column.estimated for column in report.profile.columns.values()),
        "part_titles": titles,
        "part_values": values,
    }


def _search(report: Report) -> dict[str, Any]:
    return {
        "search_facts": search.search_facts(report),
        "score_lines": search.score_lines(report),
        "score_sentence": search.score_sentence(report),
        "varied_lines": search.varied_lines(report),
        "search_rows": search.SEARCH_ROWS,
        "search_notes": search.search_notes(report),
    }


def _model(report: Report) -> dict[str, Any]:
    return {
        "model_facts": model.model_facts(report),
        "threshold_sentence": model.threshold_sentence(report),
        "stopped_sentence": model.stopped_sentence(report),
        "cost_lines": model.cost_lines(report),
        "validation_lines": model.validation_lines(report),
        "validation_confusion": validation_confusion(report),
        "curve_lines": model.curve_lines(report),
    }


def _errors(report: Report, options: ReportingOptions) -> dict[str, Any]:
    slices = weakest_slices(report.slices, options.slices)
    ranked = [next(iter(found.metrics.values())) for found in slices]
    overall = next(iter(slices[0].overall.values())) if slices else None
    return {
        "slices": slices,
        "declared": declared_slices(report.slices),
        "weak_sentence": weak_sentence(report.weak_slices),
        "confirmed_slices": [each for each in report.weak_slices.slices if each.confirmed],
        "gap_note": GAP_NOTE,
        "mitigation_sentence": mitigation_sentence(report.mitigation),
        "alternatives": alternatives(report.mitigation),
        "slice_drawing": draw_against(ranked, overall),
        "unsliced": unsliced_columns(report.slices),
    }


def _what_if(report: Report) -> dict[str, Any]:
    titles, rows = counterfactual_table(report)
    return {
        "counterfactual_titles": titles,
        "counterfactuals": rows,
        "counterfactual_sentence": counterfactual_sentence(report),
    }


def _plots(report: Report) -> dict[str, PagePlot]:
    # one without data only says why
    return {name: page_plot(name, figure) for name, figure in report.figures.items() if figure.data}


def _hashes(report: Report) -> dict[str, str]:
    return {
        "dataset version": report.version.id,
        "dataset content": report.version.content_hash,
        "split manifest": report.split.hash,
        "challenger": report.challenger.identity,
        report.incumbent.kind: report.incumbent.identity,
        "hypothesis": report.decision.hypothesis_hash,
        **{f"decision: {label(name)}": hash_ for name, hash_ in report.decision.evidence.items()},
    }
