"""How many of the positive rows are found first: gain and lift, for both models."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from experiment_cycle.evaluation.palette import MODEL_COLOURS, REFERENCE
from experiment_cycle.evaluation.plots.curves import thinned
from experiment_cycle.evaluation.plots.layout import lay_out, plain, without
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.metrics.outcomes import Floats, Outcomes

WHAT = "Gain"
FIRST = 0.1
"""The share of rows the title speaks of."""
LEAST = 0.01
"""The lift of fewer rows than this share is noise."""


def gain(outcomes: Outcomes) -> tuple[Floats, Floats]:
    """Trace which share of the positive rows is among the rows of greatest probability.

    Rows of equal probability come together: between two points they are taken in any order.

    Args:
        outcomes: Of two classes, with a positive row.

    Returns:
        Share of all rows, and share of the positive ones, both from 0 to 1, shape (points,).
    """
    levels, place = np.unique(-outcomes.prediction, return_inverse=True)
    rows = np.bincount(place, minlength=len(levels))
    found = np.bincount(place, weights=outcomes.target, minlength=len(levels))
    start = np.zeros(1)
    return (
        np.concatenate([start, np.cumsum(rows) / rows.sum()]),
        np.concatenate([start, np.cumsum(found) / found.sum()]),
    )


def plot_gain(predictions: Predictions) -> go.Figure:
    """Draw gain, and lift (gain over the share of rows), over the share of rows, for both models.

    Args:
        predictions: For the test rows.
    """
    if predictions.problem.type != "binary":
        return without(WHAT, "there are not two classes to tell apart")
    if not predictions.target.sum():
        return without(WHAT, "no row is positive")
    figure = make_subplots(cols=2, horizontal_spacing=0.18)
    for column, height in ((1, [0.0, 1.0]), (2, [1.0, 1.0])):
        figure.add_scatter(
            x=[0.0, 1.0],
            y=height,
            mode="lines",
            name="chance",
            showlegend=column == 1,
            line={"color": REFERENCE, "width": 1.5, "dash": "dash"},
            hoverinfo="skip",
            row=1,
            col=column,
        )
    first: dict[str, float] = {}
    for model in reversed(MODEL_COLOURS):
        rows, found = gain(predictions.outcomes(model))
        first[model] = 100 * float(np.interp(FIRST, rows, found))
        _add(figure, model, rows, found)
    figure.update_xaxes(title="share of the rows", range=[-0.01, 1.01])
    figure.update_yaxes(title="share of the positive rows", range=[-0.01, 1.01], col=1)
    figure.update_yaxes(title="lift", rangemode="tozero", col=2)
    told = f"{first['challenger']:.1f} % of the positives against {first['incumbent']:.1f} %"
    return lay_out(figure, f"Gain: in the likeliest tenth of the rows {told}")


def _add(figure: go.Figure, model: str, rows: Floats, found: Floats) -> None:
    """Add one model's two curves."""
    kept = thinned(rows, found)
    many = kept[rows[kept] >= min(LEAST, rows[1:].max())]
    lift = found[many] / rows[many]
    for column, x, y, hover in (
        (1, rows[kept], found[kept], "first %{x:.1%} of the rows<br>%{y:.1%} of the positives"),
        (2, rows[many], lift, "first %{x:.1%} of the rows<br>lift %{y:.2f}"),
    ):
        figure.add_scatter(
            x=plain(x),
            y=plain(y),
            mode="lines",
            name=model,
            legendgroup=model,
            showlegend=column == 1,
            line={"color": MODEL_COLOURS[model], "width": 2.5},
            hovertemplate=hover,
            row=1,
            col=column,
        )
