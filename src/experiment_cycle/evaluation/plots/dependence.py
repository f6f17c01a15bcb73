"""Partial dependence and single rows, one small panel for each feature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from experiment_cycle.evaluation.palette import CLASS_COLOURS, MODEL_COLOURS, REFERENCE
from experiment_cycle.evaluation.plots.layout import (
    lay_out,
    plain,
    shortened,
    spans_decades,
    without,
)
from experiment_cycle.evaluation.what_if.dependence import Dependence
from experiment_cycle.evaluation.what_if.grids import texts
from experiment_cycle.problem import Problem

BESIDE = 3
HEAD, PANEL = 150, 210
"""Pixels: of title, legend and axis, and of each row of panels."""
MOST_LINES = 25
"""Single rows in a panel."""
MOST_CLASSES = 3
DASHES = {"challenger": "solid", "incumbent": "dot"}
ROOM = 0.04
LONGEST = 12
"""Characters of a level's name under an axis."""
AXES = {"regression": "mean prediction", "ranking": "mean score, in its sd"}


def plot_dependence(found: Sequence[Dependence], problem: Problem) -> go.Figure:
    """Draw the mean prediction over the values of each feature, for both models.

    Thin lines are single rows as the challenger predicts them; they are left out where there are
    several classes. Ticks below a curve are deciles of the feature.

    Args:
        found: The features, the one that moves predictions most first.
        problem: What is predicted.
    """
    if not found:
        return without("Partial dependence", "no feature moves the challenger's predictions")
    high = -(-len(found) // BESIDE)
    figure = go.Figure().set_subplots(
        rows=high,
        cols=min(BESIDE, len(found)),
        shared_yaxes="all",
        horizontal_spacing=0.04,
        vertical_spacing=0.36 / high,
    )
    reach = _reach(found, problem)
    shown = _outputs(found, problem)
    for place, each in enumerate(found):
        at = {"row": place // BESIDE + 1, "col": place % BESIDE + 1}
        if problem.type != "multiclass":
            _add_rows(figure, each, at, first=place == 0)
        _add_means(figure, each, problem, shown, at, first=place == 0)
        _add_deciles(figure, each, reach[0], at)
        figure.update_xaxes(title=each.grid.name, **_scale(each), **at)
    figure.update_yaxes(range=reach)
    figure.update_yaxes(title=_axis(problem), col=1)
    lay_out(figure, _title(found, problem))
    return figure.update_layout(height=HEAD + PANEL * high)


def _title(found: Sequence[Dependence], problem: Problem) -> str:
    unit = " sd" if problem.type == "ranking" else ""
    return (
        f"Partial dependence: {found[0].grid.name} moves predictions most, by "
        f"{found[0].influence:.3g}{unit} on average"
    )


def _axis(problem: Problem) -> str:
    if problem.type == "binary":
        return f"mean probability of {problem.names[1]}"
    return AXES.get(problem.type, "mean probability")


def _outputs(found: Sequence[Dependence], problem: Problem) -> list[int]:
    """Choose the outputs that are drawn: of several classes those that move most."""
    if problem.type != "multiclass":
        return [0]
    curves = [each.curves["challenger"].mean(axis=1) for each in found]
    moved = np.sum([np.ptp(curve, axis=0) for curve in curves], axis=0)
    return sorted(np.argsort(-moved, kind="stable")[:MOST_CLASSES].tolist())


def _lines(each: Dependence) -> list[int]:
    """Choose single rows evenly, from the least to the greatest mean prediction."""
    order = np.argsort(each.curves["challenger"][:, :, 0].mean(axis=0), kind="stable")
    chosen = np.linspace(0, len(order) - 1, min(MOST_LINES, len(order))).round().astype(int)
    return [int(row) for row in order[chosen]]


def _reach(found: Sequence[Dependence], problem: Problem) -> list[float]:
    """Bound what is drawn in any panel, with some room."""
    drawn = [curve.mean(axis=1).ravel() for each in found for curve in each.curves.values()]
    if problem.type != "multiclass":
        drawn += [each.curves["challenger"][:, _lines(each), 0].ravel() for each in found]
    values = np.concatenate(drawn)
    low, high = float(values.min()), float(values.max())
    room = ROOM * ((high - low) or 1.0)
    return plain([low - 2 * room, high + room])


def _add_means(
    figure: go.Figure,
    each: Dependence,
    problem: Problem,
    outputs: list[int],
    at: dict[str, int],
    *,
    first: bool,
) -> None:
    separate = each.grid.kind == "category"
    x = _values(each)
    for place, output in enumerate(outputs):
        for model in reversed(MODEL_COLOURS):
            several = problem.type == "multiclass"
            name = f"{model}, {problem.names[output]}" if several else model
            colour = CLASS_COLOURS[place] if several else MODEL_COLOURS[model]
            dash = DASHES[model] if several else "solid"
            figure.add_scatter(
                x=x,
                y=plain(each.curves[model][:, :, output].mean(axis=1)),
                mode="markers" if separate else "lines+markers",
                name=name,
                legendgroup=name,
                showlegend=first,
                line={"color": colour, "width": 2.5, "dash": dash},
                marker={
                    "color": colour,
                    "size": 9 if separate else 4,
                    "symbol": "circle-open" if several and model == "incumbent" else "circle",
                },
                hovertemplate=f"{each.grid.name} %{{x}}<br>{name} %{{y:.4g}}<extra></extra>",
                **at,
            )


def _add_rows(figure: go.Figure, each: Dependence, at: dict[str, int], *, first: bool) -> None:
    """Add one thin line a row; one trace, with a gap after each.

    Categories have no order, so that their rows are points which nothing joins.
    """
    x = _values(each)
    curves = each.curves["challenger"][:, :, 0]
    lines = _lines(each)
    separate = each.grid.kind == "category"
    figure.add_scatter(
        x=[value for _ in lines for value in (*x, None)],
        y=[value for line in lines for value in (*plain(curves[:, line]), None)],
        mode="markers" if separate else "lines",
        name="single rows, challenger",
        legendgroup="single rows",
        showlegend=first,
        line={"color": REFERENCE, "width": 0.8},
        marker={"color": REFERENCE, "size": 4},
        opacity=0.45,
        hoverinfo="skip",
        **at,
    )


def _add_deciles(figure: go.Figure, each: Dependence, low: float, at: dict[str, int]) -> None:
    if each.grid.deciles.empty:
        return
    figure.add_scatter(
        x=texts(each.grid.deciles, each.grid.kind),
        y=[low] * len(each.grid.deciles),
        mode="markers",
        name="deciles",
        showlegend=False,
        marker={"symbol": "line-ns", "size": 12, "line": {"width": 1.5, "color": REFERENCE}},
        hovertemplate=f"decile of {each.grid.name}: %{{x}}<extra></extra>",
        **at,
    )


def _scale(each: Dependence) -> dict[str, Any]:
    """Keep categories in their order, the most frequent first."""
    if each.grid.kind == "category":
        order = _values(each)
        return {
            "type": "category",
            "categoryorder": "array",
            "categoryarray": order,
            "tickvals": order,
            "ticktext": [shortened(name, LONGEST) for name in order],
        }
    if each.grid.kind == "date":
        return {"type": "date", "nticks": 4}
    if spans_decades(each.grid.values.astype(float)):
        # of every decade its start only: panels are narrow
        return {"type": "log", "dtick": 1}
    return {"nticks": 4}


def _values(each: Dependence) -> list[Any]:
    return texts(each.grid.values, each.grid.kind)
