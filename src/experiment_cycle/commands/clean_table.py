"""What may be removed, as a table for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from experiment_cycle.commands.version_tables import table
from experiment_cycle.reporting.numbers import size
from experiment_cycle.tracking.removable import Removable


def clean_table(found: Sequence[Removable]) -> RenderableType:
    """List what may go, one a line, with its size."""
    made = table("what", "which", ">size", "why it may go")
    for one in found:
        made.add_row(one.kind, Text(one.name), size(one.size_bytes), Text(one.why))
    return made
