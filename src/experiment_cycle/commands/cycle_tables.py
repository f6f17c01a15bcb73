"""Cycles and champions as tables for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from experiment_cycle.commands.version_tables import table
from experiment_cycle.reporting.metric_terms import label
from experiment_cycle.reporting.numbers import duration, signed_interval
from experiment_cycle.tracking.champions import Move
from experiment_cycle.tracking.past_cycles import PastCycle

STYLES = {"promote": "bold green", "iterate": "yellow", "abandon": "red"}
ID_LENGTH, SHORT_ID = 8, 7
WIDE = 110
"""Columns of a terminal from which on there is room for more."""
WAYS = {"decision": "decided", "force": "forced", "rollback": "rolled back"}
GAP = {True: 2, False: 0}
"""Beside the one column that always separates two."""


def runs_table(cycles: Sequence[PastCycle], width: int) -> RenderableType:
    """List cycles, one a line of 80 columns or more."""
    wide = width >= WIDE
    metrics = {cycle.metric for cycle in cycles if cycle.metric is not None}
    alike = len(metrics) == 1
    effect = f"{label(metrics.pop())} (interval)" if alike else "effect (interval)"
    made = table(
        *("cycle", ">started (UTC)" if wide else ">started", "hypothesis", "decision"),
        *(effect, "data", ">took"),
        *((">look",) if wide else ()),
    )
    made.padding = (0, GAP[wide], 0, 0)
    for cycle in cycles:
        cells: list[RenderableType] = [
            cycle.run_id[: ID_LENGTH if wide else SHORT_ID],
            f"{cycle.started:%Y-%m-%d %H:%M}" if wide else f"{cycle.started:%Y-%m-%d}",
            Text((cycle.name if wide else cycle.hypothesis_id) or ""),
            _decided(cycle),
            Text(_effect(cycle, between="" if alike else "\n")),
            (cycle.data_version or "")[: ID_LENGTH if wide else SHORT_ID],
            "" if cycle.seconds is None else duration(round(cycle.seconds)),
            "" if cycle.look is None else str(cycle.look),
        ]
        made.add_row(*cells[: len(made.columns)])
    return made


def champions_table(moves: Sequence[Move], _width: int) -> RenderableType:
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


def _decided(cycle: PastCycle) -> Text:
    if cycle.decision is None:
        return Text("none" if cycle.status == "FINISHED" else cycle.status.lower(), style="dim")
    text = Text(cycle.decision, style=STYLES[cycle.decision])
    return text if cycle.forced is None else text.append("\nforced", style="bold magenta")


def _effect(cycle: PastCycle, between: str) -> str:
    """Write the effect, after the metric's name where something is to stand between them."""
    if cycle.effect is None:
        return ""
    text = signed_interval(cycle.effect, cycle.lower, cycle.upper)
    return f"{label(cycle.metric)}{between}{text}" if between and cycle.metric else text
