"""What became of each record of each tracker, as a table for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from experiment_cycle.commands.cycle_tables import ID_LENGTH
from experiment_cycle.commands.version_tables import table
from experiment_cycle.tracking.syncing import Synced

STYLES = {"behind": "red", "offline": "yellow", "being written": "dim"}


def sync_table(found: Sequence[Synced]) -> RenderableType:
    """List records, one a line, with what is to be known of them."""
    made = table("cycle", "tracker", "state", "where, or why not")
    for item in found:
        made.add_row(
            item.run_id[:ID_LENGTH],
            item.tracker,
            Text(item.state, style=STYLES.get(item.state, "green")),
            Text(item.told or item.reference),
        )
    return made
