"""Sections and tables that terminal, page and Markdown share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from experiment_cycle.commands.run_difference import Change
from experiment_cycle.reporting.numbers import number

LONGEST = 60
"""Characters of a value; the whole of it is told by --json."""
HASH = re.compile(r"[0-9a-f]{32,}")
HASH_LENGTH = 12
ABSENT = "-"


@dataclass(frozen=True)
class Cells:
    """A table: its head, its rows, and of each column `r` or `l` for the side it is aligned to."""

    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    sides: str


@dataclass(frozen=True)
class Section:
    """One part of the comparison; `texts` are verbatim, with their titles, for pages only."""

    title: str
    sentences: tuple[str, ...] = ()
    tables: tuple[Cells, ...] = ()
    texts: tuple[tuple[str, str], ...] = field(default=())


def changed(title: str, changes: Sequence[Change]) -> Cells:
    """Tabulate what differs; long values are cut."""
    rows = tuple((each.name, _short(each.first), _short(each.second)) for each in changes)
    return Cells((title, "A", "B"), rows, "lll")


def numbers(title: str, changes: Sequence[Change]) -> Cells:
    """Tabulate numbers side by side."""
    rows = tuple(
        (each.name, *(ABSENT if value is None else number(float(value)) for value in values))
        for each in changes
        for values in ((each.first, each.second),)
    )
    return Cells((title, "A", "B"), rows, "lrr")


def _short(value: str | None) -> str:
    if value is None:
        return ABSENT
    if HASH.fullmatch(value):
        return value[:HASH_LENGTH]
    return value if len(value) <= LONGEST else f"{value[: LONGEST - 1]}…"
