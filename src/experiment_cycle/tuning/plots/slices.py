"""The value of each trial over each hyperparameter by itself."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from experiment_cycle.metrics.catalogue import metric
from experiment_cycle.tuning.plots.axes import (
    BEST,
    NONE_COMPLETE,
    NOTHING,
    TRIAL,
    Axis,
    best_of,
    beyond_note,
    blank,
    complete,
    limits,
    say,
    varied_axes,
)

BESIDE, TICKS = 3, 4
HEAD, PANEL = 120, 210
"""Pixels: of title, legend and axis, and of each row of panels."""


def plot_slices(trials: pd.DataFrame, metric_name: str) -> go.Figure:
    """Draw a panel for each hyperparameter: its values, and those of the metric.

    Args:
        trials: The table of trials; complete ones are drawn.
        metric_name: The metric that was searched by.

    Returns:
        The figure, plain lists throughout; a sentence in it where there is nothing to draw.
    """
    label = metric(metric_name).label
    found = complete(trials)
    axes = varied_axes(found) if len(found) else []
    if not axes:
        return say(
            blank(f"By hyperparameter: {label} on validation"),
            NOTHING if trials.empty else NONE_COMPLETE,
        )
    reach, beyond = limits(found["value"], metric_name)
    high = math.ceil(len(axes) / BESIDE)
    figure = blank(
        f"By hyperparameter: {label} on validation, one point a trial{beyond_note(beyond)}",
        HEAD + PANEL * high,
    ).set_subplots(
        rows=high,
        cols=min(BESIDE, len(axes)),
        shared_yaxes=True,
        horizontal_spacing=0.04,
        vertical_spacing=0.36 / high,
    )
    best = best_of(found, metric_name)
    for place, axis in enumerate(axes):
        _draw(figure, axis, found, best, (place // BESIDE + 1, place % BESIDE + 1))
    figure.update_yaxes(range=reach)
    figure.update_yaxes(title=label, col=1)
    return figure


def _draw(
    figure: go.Figure, axis: Axis, trials: pd.DataFrame, best: int, at: tuple[int, int]
) -> None:
    row, col = at
    first = at == (1, 1)
    values = trials["value"].to_numpy(np.float64)
    held = np.flatnonzero(~np.isnan(axis.places))
    looks: list[tuple[str, Any, dict[str, Any]]] = [
        ("trial", held[held != best], {"color": TRIAL, "size": 6, "opacity": 0.6}),
        ("best trial", held[held == best], {"color": BEST, "size": 11, "symbol": "diamond"}),
    ]
    for name, chosen, marker in looks:
        figure.add_scatter(
            x=[_placed(axis, one) for one in chosen],
            y=[float(values[one]) for one in chosen],
            mode="markers",
            name=name,
            legendgroup=name,
            showlegend=first,
            marker=marker,
            text=[str(int(trials["trial"].iloc[one])) for one in chosen],
            hovertemplate=f"trial %{{text}}<br>{axis.name} %{{x}}<br>%{{y:.5f}}<extra></extra>",
            row=row,
            col=col,
        )
    figure.update_xaxes(title=axis.name, row=row, col=col, **_scale(axis))


def _placed(axis: Axis, one: int) -> str | float:
    place = float(axis.places[one])
    return axis.names[int(place)] if axis.names else place


def _scale(axis: Axis) -> dict[str, Any]:
    if axis.names:
        return {"type": "category", "categoryarray": list(axis.names)}
    if not axis.log:
        return {"nticks": TICKS}
    # plotly's own labels of orders of magnitude lie over each other in narrow panels
    known = axis.places[axis.places != axis.zero]
    values = np.geomspace(np.nanmin(known), np.nanmax(known), TICKS).tolist()
    ticks = [float(f"{value:.2g}") for value in values]
    texts = [f"{value:g}" for value in ticks]
    if axis.zero is not None:
        ticks, texts = [axis.zero, *ticks], ["0", *texts]
    return {"type": "log", "tickvals": ticks, "ticktext": texts}
