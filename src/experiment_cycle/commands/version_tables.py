"""Versions and their columns, as tables for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from experiment_cycle.columns import Columns
from experiment_cycle.data_versioning.changes.rows import kind_of
from experiment_cycle.data_versioning.records import (
    ColumnProfile,
    DatasetProfile,
    DatasetVersion,
    VersionEntry,
)
from experiment_cycle.reporting.numbers import number, percent, size

ID_LENGTH = 12
HASH_LENGTH = 8
WIDE = 104
TYPES = {"boolean": "bool", "timestamp with time zone": "time UTC", "timestamp": "time"}
SPREAD = 20
"""Letters of a frequent value, which may be of any length."""


def short_id(version: DatasetVersion) -> str:
    """Cut an id to what tells it from others, and what `find` takes."""
    return version.id[:ID_LENGTH]


def table(*headings: str, title: str | None = None) -> Table:
    """Start a table; a heading that begins with ``>`` is of a column aligned to the right."""
    made = Table(
        box=box.SIMPLE_HEAD,
        padding=(0, 2, 0, 0),
        title=title,
        title_justify="left",
        title_style="bold",
    )
    for place, heading in enumerate(headings):
        right = heading.startswith(">")
        made.add_column(
            heading.removeprefix(">"),
            justify="right" if right else "left",
            no_wrap=place == 0 or right,
            overflow="ellipsis" if place == 0 or right else "fold",
        )
    return made


def log_table(
    entries: Sequence[VersionEntry], used: str | None, pinned: str | None, width: int
) -> RenderableType:
    """List versions, one a line.

    Args:
        entries: The versions, in the order to show them.
        used: Id of the version the last run used.
        pinned: Id of the version the options name.
        width: Of the terminal; in a narrow one, the size is left out.
    """
    wide = width >= WIDE
    made = table("id", ">created (UTC)", ">rows", ">columns", *[">size"][:wide], "tags", "noted")
    for each in entries:
        version = each.version
        marks = [
            mark
            for mark, identity in (("* last run", used), ("! pinned", pinned))
            if identity == version.id
        ]
        made.add_row(
            Text(short_id(version), style="bold" if marks else ""),
            f"{each.created:%Y-%m-%d %H:%M}",
            number(version.rows),
            number(version.columns),
            *[size(version.size_bytes)][:wide],
            Text(", ".join(each.tags)),
            Text("\n".join([*marks, *_noted(each)])),
        )
    return made


def version_table(
    entry: VersionEntry, described: DatasetProfile, columns: Columns, width: int
) -> RenderableType:
    """Describe one version, and each of its columns on a line.

    Args:
        entry: The version.
        described: Its profile.
        columns: The roles of the columns.
        width: Of the terminal; in a narrow one, standard deviation and hash are left out.
    """
    wide = width >= WIDE
    headings = ["column", "type", ">missing", ">distinct", ">mean", ">deviation"]
    made = table(*headings[: 6 if wide else 5], "range, or frequent", *["hash"][:wide])
    for name, column in described.columns.items():
        hashed = entry.version.column_hashes.get(name, "")[:HASH_LENGTH]
        cells: list[Text | str] = [
            Text(name),
            Text(_short(column.type)),
            percent(column.missing / max(1, described.rows)) if column.missing else "0",
            number(column.distinct),
            "" if column.mean is None else number(column.mean),
            "" if column.standard_deviation is None else number(column.standard_deviation),
        ]
        made.add_row(
            *cells[: 6 if wide else 5],
            Text(_spread(column, described.rows, wide=wide)),
            *[hashed][:wide],
        )
    return Group(_facts(entry, described, columns), made)


def _facts(entry: VersionEntry, described: DatasetProfile, columns: Columns) -> Table:
    version = entry.version
    roles = [
        f"{name} ({role})" for name, role in columns.declared().items() if name in described.columns
    ]
    facts = Table.grid(padding=(0, 2))
    for name, value in (
        ("version", f"{version.id} ({version.backend})"),
        ("created", f"{entry.created:%Y-%m-%d %H:%M} UTC"),
        ("tags", ", ".join(entry.tags)),
        ("noted", ", ".join(_noted(entry))),
        ("size", f"{version.rows:,} rows, {version.columns} columns, {size(version.size_bytes)}"),
        ("kept at", version.pointer),
        ("hash", version.content_hash),
        ("roles", ", ".join(roles)),
    ):
        if value:
            facts.add_row(Text(name, style="dim"), Text(value, overflow="fold"))
    return facts


def _short(type_name: str) -> str:
    kind = kind_of(type_name).lower()
    return TYPES.get(kind, kind)


def _noted(entry: VersionEntry) -> list[str]:
    return [f"{name} {value}" for name, value in sorted(entry.metadata.items())]


def _spread(column: ColumnProfile, rows: int, *, wide: bool) -> str:
    if column.quantiles:
        names = ("min", "50 %", "max") if wide else ("min", "max")
        return " .. ".join(number(column.quantiles.get(name)) for name in names)
    shown = [f"{value[:SPREAD]} {percent(count / max(1, rows))}" for value, count in column.top[:2]]
    return ", ".join(shown)
