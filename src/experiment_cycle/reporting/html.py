"""The report as one HTML file that needs no network: style, script and plotly.js inside."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from experiment_cycle.evaluation.records import Estimate, WeakSlice
from experiment_cycle.reporting import numbers
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.fairness_lines import gap_lines
from experiment_cycle.reporting.lines import settings, written
from experiment_cycle.reporting.metric_terms import explanation, label
from experiment_cycle.reporting.options import ReportingOptions
from experiment_cycle.reporting.page_content import page_content
from experiment_cycle.reporting.terms import SIGNS, TERMS, in_units, units

TEMPLATES = "templates"
NO_BREAK_SPACE = "\u00a0"


def render_html(report: Report, options: ReportingOptions) -> str:
    """Render the report as one page that opens offline, in light and dark, on paper and on a phone.

    Whatever comes from data is escaped.

    Returns:
        A whole HTML document of about 5 MB, nearly all of it plotly.js.
    """
    return (
        _environment()
        .get_template("report.html")
        .render(plotly=_plotly(), **page_content(report, options))
    )


def term(word: str, shown: str | None = None) -> Markup:
    """Write a word of the report with its explanation."""
    return Markup('<abbr title="{}">{}</abbr>').format(TERMS[word], shown or word)


def excess(found: WeakSlice) -> str:
    """Write by how much a slice is worse, with its interval."""
    return numbers.signed_interval(found.excess, found.lower, found.upper)


def explained(name: str) -> Markup | str:
    """Write the label of a metric or gap, with its explanation where there is one."""
    return meant(name, label(name))


def meant(name: str, shown: str) -> Markup | str:
    """Write any words for a metric or gap, with its explanation where there is one."""
    meaning = explanation(name)
    if meaning is None:
        return shown
    return Markup('<abbr title="{}">{}</abbr>').format(meaning, shown)


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
        excess,
        explained,
        gap_lines,
        meant,
        numbers.reason,
        label,
        settings,
        written,
    ):
        environment.filters[filter_.__name__] = filter_
    environment.globals.update(
        term=term,
        units=units,
        in_units=in_units,
        signs=SIGNS,
        style=_verbatim("style.css"),
        script=_verbatim("report.js"),
    )
    return environment


def _unbroken(write: Callable[..., str]) -> Callable[..., str]:
    """Keep a number and its unit on one line."""
    return lambda value: write(value).replace(" ", NO_BREAK_SPACE)


def _verbatim(name: str) -> Markup:
    return Markup(files("experiment_cycle.reporting").joinpath(TEMPLATES, name).read_text("utf-8"))  # noqa: S704  # nosec B704


@cache
def _plotly() -> Markup:
    from plotly.offline import get_plotlyjs  # noqa: PLC0415

    return Markup(get_plotlyjs())  # noqa: S704  # nosec B704
