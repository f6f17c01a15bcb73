"""The report as one HTML file that needs no network: style, script and plotly.js inside."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from experiment_cycle.evaluation.records import Estimate
from experiment_cycle.reporting import numbers
from experiment_cycle.reporting.drawing import draw_against
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.figures import page_plot
from experiment_cycle.reporting.lines import (
    criterion_lines,
    failure_table,
    metric_lines,
    settings,
    written,
)
from experiment_cycle.reporting.options import ReportingOptions
from experiment_cycle.reporting.profile_lines import QUANTILES, column_lines, level_lines
from experiment_cycle.reporting.slices import weakest_slices
from experiment_cycle.reporting.terms import SIGNS, TERMS, label
from experiment_cycle.reporting.waterfall import row_lines

TEMPLATES = "templates"
NO_BREAK_SPACE = "\u00a0"
MOST_COLUMNS = 200
"""How many columns of the dataset the page describes; all are in the profile itself."""


def render_html(report: Report, options: ReportingOptions) -> str:
    """Render the report as one page that opens offline, in light and dark, on paper and on a phone.

    Whatever comes from data is escaped.

    Returns:
        A whole HTML document of about 5 MB, nearly all of it plotly.js.
    """
    slices = weakest_slices(report.slices, options.slices)
    ranked = [next(iter(found.metrics.values())) for found in slices]
    overall = next(iter(slices[0].overall.values())) if slices else None
    titles, failures = failure_table(report.failures, options.failure_cases)
    plots = {name: page_plot(name, figure) for name, figure in report.figures.items()}
    return (
        _environment()
        .get_template("report.html")
        .render(
            report=report,
            criteria=criterion_lines(report),
            metrics=metric_lines(report),
            plots={name: plot for name, plot in plots.items() if _is_shown(name, report)},
            slices=slices,
            slice_drawing=draw_against(ranked, overall),
            failure_titles=titles,
            failures=failures,
            hashes=_hashes(report),
            row_lines=row_lines(report),
            level_lines=level_lines(report),
            column_lines=column_lines(report, MOST_COLUMNS),
            quantile_names=QUANTILES,
            has_estimates=any(column.estimated for column in report.profile.columns.values()),
            plotly=_plotly(),
        )
    )


def term(word: str, shown: str | None = None) -> Markup:
    """Write a word of the report with its explanation."""
    return Markup('<abbr title="{}">{}</abbr>').format(TERMS[word], shown or word)


def explained(name: str) -> Markup | str:
    """Write the label of a metric or gap, with its explanation where there is one."""
    text = label(name)
    return term(text) if text in TERMS else text


def estimate(found: Estimate) -> str:
    """Write an estimate with its interval."""
    return numbers.interval(found.value, found.lower, found.upper)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("experiment_cycle.reporting", TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for written_number in (
        numbers.number,
        numbers.percent,
        numbers.confidence,
        numbers.p_value,
        numbers.duration,
        numbers.size,
    ):
        environment.filters[written_number.__name__] = _unbroken(written_number)
    for filter_ in (
        estimate,
        explained,
        label,
        settings,
        written,
    ):
        environment.filters[filter_.__name__] = filter_
    environment.globals.update(
        term=term,
        terms=TERMS,
        signs=SIGNS,
        style=_verbatim("style.css"),
        script=_verbatim("report.js"),
    )
    return environment


def _unbroken(write: Callable[..., str]) -> Callable[..., str]:
    """Keep a number and its unit on one line."""
    return lambda value: write(value).replace(" ", NO_BREAK_SPACE)


def _verbatim(name: str) -> Markup:
    return Markup(files("experiment_cycle.reporting").joinpath(TEMPLATES, name).read_text("utf-8"))  # noqa: S704


@cache
def _plotly() -> Markup:
    from plotly.offline import get_plotlyjs  # noqa: PLC0415

    return Markup(get_plotlyjs())  # noqa: S704


def _is_shown(name: str, report: Report) -> bool:
    return name != "trials_plot" or not report.trials.empty


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
