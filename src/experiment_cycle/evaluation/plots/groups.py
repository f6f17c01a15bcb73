"""The challenger on the groups of sensitive columns, side by side."""

from __future__ import annotations

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from experiment_cycle.evaluation.palette import CHALLENGER, CLASS_COLOURS
from experiment_cycle.evaluation.plots.layout import lay_out, plain, without
from experiment_cycle.evaluation.records import Fairness, GroupMetrics

PANELS = 3
"""So many of the metrics are drawn; all are in the tables."""
MOST_GROUPS = 30
LINE = 26
"""Pixels a group."""
AROUND = 230


def plot_groups(fairness: Fairness) -> go.Figure:
    """Draw the first metrics of every group, each with its interval, in a panel each.

    Args:
        fairness: By `compare_groups`.
    """
    lines = [
        (found.column, at, group)
        for at, found in enumerate(fairness.columns)
        for group in found.groups
        if group.compared
    ]
    if not lines:
        return without("Groups", "no groups are compared")
    shown = lines[:MOST_GROUPS]
    metrics = list(shown[0][2].metrics)[:PANELS]
    figure = make_subplots(
        cols=len(metrics),
        shared_yaxes=True,
        horizontal_spacing=0.03,
        subplot_titles=[name.replace("_", " ") for name in metrics],
    )
    for panel, metric in enumerate(metrics, start=1):
        for column in dict.fromkeys(name for name, _, _ in shown):
            own = [(at, group) for name, at, group in shown if name == column]
            _add(figure, panel, metric, column, own)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    cut = f", the first {MOST_GROUPS} of {len(lines)}" if len(lines) > MOST_GROUPS else ""
    lay_out(figure, f"The challenger by group{cut}")
    return figure.update_layout(
        height=AROUND + LINE * len(shown), margin={"l": 160}, showlegend=False
    )


def _add(
    figure: go.Figure, panel: int, metric: str, column: str, own: list[tuple[int, GroupMetrics]]
) -> None:
    defined = [
        (group, found)
        for _, group in own
        if (found := group.metrics[metric]).value is not None and found.lower is not None
    ]
    colours = (CHALLENGER, *CLASS_COLOURS[1:])
    colour = colours[own[0][0] % len(colours)]
    values = [found.value or 0.0 for _, found in defined]
    figure.add_scatter(
        x=plain(values),
        y=[[column] * len(defined), [group.level for group, _ in defined]],
        mode="markers",
        name=column,
        marker={"color": colour, "size": 8},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": plain((f.upper or 0.0) - (f.value or 0.0) for _, f in defined),
            "arrayminus": plain((f.value or 0.0) - (f.lower or 0.0) for _, f in defined),
        },
        customdata=[f"{group.rows:,}" for group, _ in defined],
        hovertemplate="%{y}<br>%{x:.4g}<br>%{customdata} rows",
        row=1,
        col=panel,
    )
