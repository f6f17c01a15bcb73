"""The model's part of the Markdown twin: what it is, how it was trained, whom it confuses."""

from __future__ import annotations

from experiment_cycle.reporting.confusion_lines import ConfusionTable
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.lines import settings
from experiment_cycle.reporting.markup import escape, opening, table
from experiment_cycle.reporting.metric_terms import label
from experiment_cycle.reporting.model_lines import (
    cost_lines,
    curve_lines,
    curve_sentence,
    model_facts,
    stopped_sentence,
    threshold_sentence,
    validation_lines,
)
from experiment_cycle.reporting.page_content import confusions, validation_confusion
from experiment_cycle.reporting.search_lines import (
    NOTHING_SEARCHED,
    score_lines,
    score_sentence,
    search_facts,
    varied_lines,
)
from experiment_cycle.reporting.seed_lines import seed_lines, seed_sentence


def describe_model(report: Report) -> list[str]:
    """Describe the challenger as a model in Markdown blocks."""
    return [
        "## Model",
        table(("challenger", ""), model_facts(report)),
        opening(threshold_sentence(report)),
        table(("hyperparameter", "value"), settings(report.challenger.hyperparameters), " r"),
    ]


def describe_training(report: Report) -> list[str]:
    """Describe search, training, validation and learning curve in Markdown blocks."""
    measured = [(label(name), value, test) for name, value, test in validation_lines(report)]
    return [
        "## Tuning and training",
        *_search(report),
        opening(stopped_sentence(report)),
        table(("cost", "challenger", "baseline"), cost_lines(report), " rr"),
        table(("metric", "validation", "test"), measured, " rr") if measured else "",
        *_confusion(validation_confusion(report)),
        *_learning_curve(report),
    ]


def _search(report: Report) -> list[str]:
    if not report.search.searched:
        return [NOTHING_SEARCHED]
    varied = [(line.name, line.searched, line.best, line.start) for line in varied_lines(report)]
    return [
        table(("search", ""), search_facts(report)),
        *(f"**Warning:** {escape(warning)}" for warning in report.search.warnings),
        table(("trial", "value"), score_lines(report), " r"),
        opening(score_sentence(report)),
        table(("hyperparameter", "searched", "best trial", "configured"), varied, "  rr"),
    ]


def describe_confusion(report: Report) -> list[str]:
    """Write the confusion matrices on the test rows in Markdown blocks."""
    return [block for found in confusions(report) for block in _confusion(found)]


def describe_seeds(report: Report) -> list[str]:
    """Write each metric over the seeds in Markdown blocks; none for one seed."""
    rows = [
        (line.label, line.part, line.first, line.mean, line.deviation, line.worst)
        for line in seed_lines(report)
    ]
    titles = ("over seeds", "rows", "challenger", "mean", "sd", "worst")
    return (
        [table(titles, rows, "  rrrr"), opening(seed_sentence(report.comparison))] if rows else []
    )


def _confusion(found: ConfusionTable) -> list[str]:
    """Write one confusion matrix: cell by cell for few classes, else by class."""
    if found.cells:
        rows = [
            (name, *(f"{cell.rows} ({cell.share})" if cell.share else cell.rows for cell in cells))
            for name, cells in zip(found.classes, found.cells, strict=True)
        ]
        called = [f"called {escape(name)}" for name in found.classes]
        title = escape(f"{found.title}, truly")
        return [table((title, *called), rows, " " + "r" * len(called))]
    lines = [
        (line.name, line.rows, line.found, line.right, line.f1, line.mistaken)
        for line in found.lines
    ]
    what = escape(f"{found.title}, class")
    titles = (what, "rows", "found", "right when called", "F1", "mistaken for")
    return [table(titles, lines, " rrrr")] if lines else []


def _learning_curve(report: Report) -> list[str]:
    rows = [
        (line.share, line.rows, line.repeats, line.train, line.validation)
        for line in curve_lines(report)
    ]
    titles = ("share of train", "rows", "trainings", "on train", "on validation")
    if not rows:
        return []
    return [table(titles, rows, " rrrr"), opening(curve_sentence(report))]
