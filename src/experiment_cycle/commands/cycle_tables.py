"""Cycles and champions as tables for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from experiment_cycle.commands.version_tables import table
from experiment_cycle.decision.wording import signed
from experiment_cycle.reporting.metric_terms import label
from experiment_cycle.tracking.champions import Move
from experiment_cycle.tracking.past_cycles import PastCycle

STYLES = {"promote": "bold green", "iterate": "yellow", "abandon": "red"}
ID_LENGTH = 8
WAYS = {"decision": "decided", "force": "forced", "rollback": "rolled back"}


def runs_table(cycles: Sequence[PastCycle]) -> RenderableType:
    """List cycles, one a line."""
    made = table(
        *("cycle", ">started (UTC)", "hypothesis", ">decision", ">metric", ">effect"),
        *(">above", ">look"),
    )
    for cycle in cycles:
        decision = cycle.decision or f"none ({cycle.status.lower()})"
        made.add_row(
            cycle.run_id[:ID_LENGTH],
            f"{cycle.started:%Y-%m-%d %H:%M}",
            Text(cycle.name or cycle.hypothesis_id or ""),
            Text(decision, style=STYLES.get(decision, "dim")),
            "" if cycle.metric is None else label(cycle.metric),
            "" if cycle.effect is None else signed(cycle.effect),
            "" if cycle.lower is None else signed(cycle.lower),
            "" if cycle.look is None else str(cycle.look),
        )
    return made


def champions_table(moves: Sequence[Move]) -> RenderableType:
    """List how champions followed each other, the newest first."""
    made = table("since (UTC)", ">version", ">after", "how", "why", "by")
    for move in reversed(moves):
        made.add_row(
            f"{move.at:%Y-%m-%d %H:%M:%S}",
            str(move.version),
            "" if move.previous is None else str(move.previous),
            WAYS[move.way],
            Text(move.reason),
            Text(move.by),
        )
    return made
