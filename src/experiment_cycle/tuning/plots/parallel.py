"""All hyperparameters of each trial side by side, a line a trial."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

from experiment_cycle.metrics.catalogue import metric
from experiment_cycle.tuning.plots.axes import (
    BEST,
    GIVEN_UP,
    MIDDLE,
    NONE_COMPLETE,
    NOTHING,
    TRIAL,
    Axis,
    blank,
    complete,
    say,
    shown,
    varied_axes,
)

HEIGHT = 440
TICKS = 3
BELOW = -0.12
"""Where a line runs whose trial does not have the hyperparameter."""
QUARTERS = (
    ("the other half", 0.5, 1.0, {"color": GIVEN_UP, "width": 1}, 0.35),
    ("second quarter", 0.25, 0.5, {"color": MIDDLE, "width": 1.5}, 0.7),
    ("best quarter", 0.0, 0.25, {"color": TRIAL, "width": 2}, 0.9),
)
"""Groups of trials by their rank, the last one drawn on top."""


def plot_parallel(trials: pd.DataFrame, metric_name: str) -> go.Figure:
    """Draw each complete trial as a line over all hyperparameters and the metric.

    Args:
        trials: The table of trials.
        metric_name: The metric that was searched by; better values are drawn higher up.

    Returns:
        The figure, plain lists throughout; a sentence in it where there is nothing to draw.
    """
    label = metric(metric_name).label
    found = complete(trials)
    figure = blank(f"Hyperparameters of each trial, and its {label} on validation", HEIGHT)
    if found.empty:
        return say(figure, NOTHING if trials.empty else NONE_COMPLETE)
    sign = 1.0 if metric(metric_name).greater_is_better else -1.0
    values = found["value"].to_numpy(np.float64)
    # a stable sort keeps the first of equals first
    order = np.argsort(-sign * values, kind="stable")
    axes = varied_axes(found)
    # ranks, because a few very bad trials would squash all others together
    ranks = np.empty(len(order))
    ranks[order] = np.linspace(1.0, 0.0, len(order)) if len(order) > 1 else 1.0
    heights = np.column_stack([*(_heights(axis) for axis in axes), ranks])
    texts = [*(_texts(found[axis.name]) for axis in axes), [f"{value:.5g}" for value in values]]
    names = [*(axis.name for axis in axes), label]
    for name, start, end, line, opacity in QUARTERS:
        rows = order[round(start * len(order)) : round(end * len(order))]
        _add_lines(figure, name, rows, heights, texts, {"line": line, "opacity": opacity})
    _add_lines(
        figure, "best trial", order[:1], heights, texts, {"line": {"color": BEST, "width": 3}}
    )
    _draw_axes(figure, axes, names, values[order])
    return figure


def _heights(axis: Axis) -> npt.NDArray[np.float64]:
    """Place values between 0 and 1."""
    places = np.log(axis.places) if axis.log else axis.places
    low, high = np.nanmin(places), np.nanmax(places)
    scaled = (places - low) / (high - low) if high > low else np.full(len(places), 0.5)
    return np.where(np.isnan(places), BELOW, np.where(np.isnan(scaled), 0.5, scaled))


def _texts(values: pd.Series) -> list[str]:
    return [shown(value) for value in values]


def _add_lines(
    figure: go.Figure,
    name: str,
    rows: npt.NDArray[np.int64],
    heights: npt.NDArray[np.float64],
    texts: list[list[str]],
    look: dict[str, object],
) -> None:
    x: list[int | None] = []
    y: list[float | None] = []
    text: list[str] = []
    for row in rows:
        # None: the next line starts on its own
        x += [*range(heights.shape[1]), None]
        y += [*map(float, heights[row]), None]
        text += [*(column[row] for column in texts), ""]
    figure.add_scatter(
        x=x, y=y, text=text, mode="lines", name=name, hovertemplate="%{text}<extra></extra>", **look
    )


def _draw_axes(
    figure: go.Figure, axes: list[Axis], names: list[str], ordered: npt.NDArray[np.float64]
) -> None:
    for place, axis in enumerate(axes):
        _add_ticks(figure, place, _ticks(axis))
    worst, best = f"{ordered[-1]:.4g}", f"{ordered[0]:.4g}"
    middle = f"{ordered[len(ordered) // 2]:.4g}"
    _add_ticks(figure, len(axes), [(0.0, worst), (0.5, middle), (1.0, best)])
    figure.update_xaxes(
        tickvals=list(range(len(names))),
        ticktext=[*names[:-1], f"{names[-1]}, ranked"],
        range=[-0.3, len(names) - 0.3],
        showgrid=True,
        zeroline=False,
    )
    figure.update_yaxes(visible=False, range=[1.5 * BELOW, 1.08])


def _ticks(axis: Axis) -> list[tuple[float, str]]:
    if axis.names:
        most = max(len(axis.names) - 1, 1)
        ticks = [(code / most, name) for code, name in enumerate(axis.names)]
    else:
        low, high = float(np.nanmin(axis.places)), float(np.nanmax(axis.places))
        spaced = np.geomspace(low, high, TICKS) if axis.log else np.linspace(low, high, TICKS)
        ticks = [(at / (TICKS - 1), f"{value:.3g}") for at, value in enumerate(spaced.tolist())]
        if axis.zero is not None:
            ticks[0] = (0.0, "0")
    return [*ticks, (BELOW, "none")] if np.isnan(axis.places).any() else ticks


def _add_ticks(figure: go.Figure, place: int, ticks: list[tuple[float, str]]) -> None:
    figure.add_scatter(
        x=[place] * len(ticks),
        y=[height for height, _ in ticks],
        text=[text for _, text in ticks],
        mode="text",
        textposition="middle right",
        textfont={"size": 11},
        showlegend=False,
        hoverinfo="skip",
    )
