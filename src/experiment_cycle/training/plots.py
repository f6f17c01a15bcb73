"""What was measured while the challenger learned, drawn."""

from __future__ import annotations

import math
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from experiment_cycle.metrics.catalogue import metric

COLOURS = {"train": "#E69F00", "validation": "#0072B2"}
STEPS = {"round": "boosting round", "epoch": "epoch"}
MOST_POINTS = 1000
"""A longer curve is drawn with every second step, every third, and so on."""
BARS_BESIDE = 2
HEAD, PANEL, LEAST_PANELS = 110, 180, 2
"""Pixels of the figure's height: for title, legend and axis, and for each panel below another."""

History = dict[str, Any]


def plot_loss(training_history: History) -> go.Figure:
    """Draw the loss on train and validation by step, and below it every other tracked metric.

    Args:
        training_history: A `TrainingHistory` as a dict.

    Returns:
        A panel for each metric, the loss first: curves with the best step marked, or two bars for
        an estimator that is fitted at once. Plain lists throughout, so that the figure's JSON can
        be read without numpy.
    """
    history = training_history
    names = _names(history)
    learned = bool(history["steps"])
    wide = 1 if learned else min(BARS_BESIDE, len(names))
    high = math.ceil(len(names) / wide)
    figure = make_subplots(
        rows=high,
        cols=wide,
        shared_xaxes=learned,
        vertical_spacing=0.3 / high,
        subplot_titles=[_title(name) if learned else metric(name).label for name in names],
    )
    for place, name in enumerate(names):
        at = {"row": place // wide + 1, "col": place % wide + 1}
        if learned:
            _draw_curves(figure, history, name, at, first=place == 0)
        else:
            _draw_bars(figure, history, name, at)
    _lay_out(figure, history, high)
    return figure


def _names(history: History) -> list[str]:
    """Name what was measured, the loss first."""
    return list(dict.fromkeys([history["loss"], *history["validation"], *history["train"]]))


def _title(name: str) -> str:
    found = metric(name)
    better = "more" if found.greater_is_better else "less"
    return f"{found.label} ({better} is better)"


def _values(history: History, part: str, name: str) -> list[float | None]:
    """Give the points of a curve; None where the metric is not defined."""
    known = history[part].get(name, ())
    return [None if value is None or math.isnan(value) else float(value) for value in known]


def _draw_curves(
    figure: go.Figure, history: History, name: str, at: dict[str, int], *, first: bool
) -> None:
    step, best = STEPS[history["unit"]], history["best_step"]
    for part, colour in COLOURS.items():
        values = _values(history, part, name)
        drawn = _drawn_steps(len(values), best)
        figure.add_scatter(
            x=drawn,
            y=[values[number - 1] for number in drawn],
            mode="lines",
            name=part,
            legendgroup=part,
            showlegend=first,
            line={"color": colour, "width": 2},
            hovertemplate=f"{step} %{{x}}<br>{part} %{{y:.5g}}<extra></extra>",
            **at,
        )
    if best:
        _mark_best(figure, history, name, at, first=first)


def _mark_best(
    figure: go.Figure, history: History, name: str, at: dict[str, int], *, first: bool
) -> None:
    best, unit = history["best_step"], history["unit"]
    figure.add_scatter(
        x=[best],
        y=[_values(history, "validation", name)[best - 1]],
        mode="markers",
        name=f"best {unit}, by {metric(history['metric']).label}",
        legendgroup="best",
        showlegend=first,
        marker={"color": COLOURS["validation"], "size": 11, "symbol": "circle-open"},
        hovertemplate=f"best {unit}, {best}<br>validation %{{y:.5g}}<extra></extra>",
        **at,
    )
    figure.add_vline(x=best, line={"color": "#999999", "dash": "dot", "width": 1}, **at)


def _drawn_steps(steps: int, best: int | None) -> list[int]:
    """Choose the steps to draw, counted from 1; the first, the last and the best one are kept."""
    if not steps:
        return []
    chosen = {*range(1, steps + 1, math.ceil(steps / MOST_POINTS)), steps}
    if best:
        chosen.add(best)
    return sorted(chosen)


def _draw_bars(figure: go.Figure, history: History, name: str, at: dict[str, int]) -> None:
    for part, colour in COLOURS.items():
        values = _values(history, part, name)
        figure.add_bar(
            x=[part] * len(values),
            y=values,
            name=part,
            marker={"color": colour},
            width=0.4,
            text=["not defined" if value is None else f"{value:.4g}" for value in values],
            textposition="outside",
            cliponaxis=False,
            hovertemplate=f"{part} %{{y:.5g}}<extra></extra>",
            **at,
        )


def _lay_out(figure: go.Figure, history: History, high: int) -> None:
    learned = bool(history["steps"])
    figure.update_layout(
        template="plotly_white",
        title=f"Training of the challenger ({history['estimator']})",
        showlegend=learned,
        legend={"orientation": "h", "y": 1.0, "yref": "container", "yanchor": "top", "x": 0},
        margin={"l": 60, "r": 20, "t": 80, "b": 50},
        height=HEAD + PANEL * max(high, LEAST_PANELS),
    )
    figure.update_annotations(font={"size": 13})
    if learned:
        figure.update_xaxes(title=STEPS[history["unit"]], row=high)
    else:
        figure.update_xaxes(title="fitted at once", row=high)
