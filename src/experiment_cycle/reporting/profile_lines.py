"""What the report says of each column of the dataset, for the page and the Markdown twin alike."""

from __future__ import annotations

from dataclasses import dataclass

from experiment_cycle.columns import Columns
from experiment_cycle.data_versioning.records import ColumnProfile
from experiment_cycle.reporting.drawing import Bar, draw_frequencies, draw_histogram
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.numbers import number, percent

ESTIMATE = "≈"
"""Stands before a number that was not counted exactly."""
SHOWN_VALUES = 3
MOST_LEVELS = 20
"""How many levels of the target are shown; a number has no levels."""
QUANTILES = ("min", "25 %", "50 %", "75 %", "max")
QUANTILE_KEY = "quantiles"


@dataclass(frozen=True)
class ColumnLine:
    """One column; an empty text where the type has no such number."""

    name: str
    type: str
    roles: str
    missing: str
    missing_share: str
    """Empty where nothing is missing."""
    distinct: str
    mean: str
    deviation: str
    quantiles: tuple[str, ...]
    """In the order of `QUANTILES`."""
    top: tuple[tuple[str, str], ...]
    top_estimated: bool
    """They may not be the most frequent ones, for they are those of a sample; their counts hold."""
    drawing: str
    """The path of a small histogram, or of the most frequent values; see `draw_histogram`."""


@dataclass(frozen=True)
class LevelLine:
    """One level of the target."""

    level: str
    rows: str
    share: str
    bar: Bar


def column_lines(report: Report, most: int) -> list[ColumnLine]:
    """Write the first `most` columns in the order of the dataset."""
    described = list(report.profile.columns.items())[:most]
    rows = report.profile.rows
    return [_line(name, column, rows, roles(name, report.columns)) for name, column in described]


def target_line(report: Report) -> ColumnLine | None:
    """Write the target as a column of numbers, where that is what is predicted."""
    name = report.columns.target
    if report.problem.type != "regression" or name not in report.profile.columns:
        return None
    return _line(name, report.profile.columns[name], report.profile.rows, "target")


def level_lines(report: Report) -> list[LevelLine]:
    """Write the prior of the target, the most frequent level first; none where it is a number."""
    if report.problem.type == "regression":
        return []
    rows = report.profile.rows
    levels = list(report.profile.target.items())[:MOST_LEVELS]
    return [
        LevelLine(
            level=level,
            rows=number(count),
            share=percent(count / rows) if rows else "",
            bar=Bar.of(0, count, 0, rows),
        )
        for level, count in levels
    ]


def roles(name: str, columns: Columns) -> str:
    """Say which roles a column plays, such as ``sensitive, dropped``; empty for a feature."""
    single = ("target", "identifier", "group", "query", "time", "weight")
    played = [role for role in single if getattr(columns, role) == name]
    several = {
        "sensitive": columns.sensitive,
        "dropped": columns.drop,
        "known too late": columns.too_late(),
        "moment": columns.moments(),
    }
    return ", ".join([*played, *(role for role, names in several.items() if name in names)])


def _line(name: str, column: ColumnProfile, rows: int, played: str) -> ColumnLine:
    def told(value: float | None, *keys: str) -> str:
        if value is None:
            return ""
        return f"{ESTIMATE} {number(value)}" if set(keys) & set(column.estimated) else number(value)

    found = column.quantiles or {}
    return ColumnLine(
        name=name,
        type=column.type,
        roles=played,
        missing=told(column.missing, "missing"),
        missing_share=percent(column.missing / rows) if column.missing and rows else "",
        distinct=told(column.distinct, "distinct"),
        mean=told(column.mean, "mean"),
        deviation=told(column.standard_deviation, "standard_deviation"),
        quantiles=tuple(told(found.get(key), QUANTILE_KEY, key) for key in QUANTILES),
        top=tuple((value, number(count)) for value, count in column.top[:SHOWN_VALUES]),
        top_estimated="top" in column.estimated,
        drawing=_drawing(column),
    )


def _drawing(column: ColumnProfile) -> str:
    if column.bin_counts:
        return draw_histogram(column.bin_edges, column.bin_counts)
    return draw_frequencies([count for _, count in column.top])
