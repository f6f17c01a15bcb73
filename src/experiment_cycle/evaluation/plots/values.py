"""Predicted numbers against actual ones, and how far they are apart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from experiment_cycle.evaluation.palette import MODEL_COLOURS
from experiment_cycle.evaluation.plots.layout import (
    add_reference,
    lay_out,
    plain,
    sizes_against,
    spans_decades,
)
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.metrics.catalogue import measure
from experiment_cycle.metrics.outcomes import Floats, Outcomes

MOST_POINTS = 1000
"""Of more rows, as many are drawn, evenly from the least to the greatest prediction."""

BINS = 40
MIDDLE = (0.005, 0.995)
"""The histogram spans these quantiles of both models' errors; what is beyond is in the end bins."""


def plot_predicted_actual(predictions: Predictions) -> go.Figure:
    """Draw the actual value over the prediction, row by row, for both models.

    Args:
        predictions: Of numbers.
    """
    figure = go.Figure()
    outcomes = {model: predictions.outcomes(model) for model in MODEL_COLOURS}
    values = [value for each in outcomes.values() for value in (each.prediction, each.target)]
    ends = plain([min(map(np.min, values), default=0.0), max(map(np.max, values), default=1.0)])
    add_reference(figure, ends, ends, "ideal")
    for model in reversed(MODEL_COLOURS):
        shown = _evenly(outcomes[model].prediction)
        hover = "predicted %{x:.4g}<br>actual %{y:.4g}"
        _add_rows(figure, model, predictions, shown, outcomes[model].target, hover)
    scale = "log" if spans_decades(np.concatenate(values)) else "linear"
    figure.update_xaxes(title="prediction", type=scale)
    figure.update_yaxes(title="actual value", type=scale)
    errors = [measure("rmse", outcomes[model]) for model in MODEL_COLOURS]
    lay_out(figure, f"Predicted against actual: RMSE {sizes_against(*errors)}")
    return figure.update_layout(legend={"itemsizing": "constant"})


def plot_errors(predictions: Predictions) -> go.Figure:
    """Draw the error (prediction less actual value) over the prediction, for both models.

    Args:
        predictions: Of numbers.
    """
    figure = go.Figure()
    outcomes = {model: predictions.outcomes(model) for model in MODEL_COLOURS}
    values = [each.prediction for each in outcomes.values()]
    ends = plain([min(map(np.min, values), default=0.0), max(map(np.max, values), default=1.0)])
    add_reference(figure, ends, [0.0, 0.0], "ideal")
    for model in reversed(MODEL_COLOURS):
        shown = _evenly(outcomes[model].prediction)
        hover = "predicted %{x:.4g}<br>error %{y:.4g}"
        _add_rows(figure, model, predictions, shown, _errors(outcomes[model]), hover)
    figure.update_xaxes(title="prediction")
    figure.update_yaxes(title="error: prediction less actual value")
    means = [float(_errors(outcomes[model]).mean()) for model in MODEL_COLOURS]
    lay_out(figure, f"Errors over predictions: mean {sizes_against(*means)}")
    return figure.update_layout(legend={"itemsizing": "constant"})


def plot_error_histogram(predictions: Predictions) -> go.Figure:
    """Draw how often which error occurs, for both models.

    Args:
        predictions: Of numbers.
    """
    figure = go.Figure()
    errors = {model: _errors(predictions.outcomes(model)) for model in MODEL_COLOURS}
    low, high = np.quantile(np.concatenate(list(errors.values())), MIDDLE)
    edges = np.linspace(low, high, BINS + 1) if high > low else np.array([low - 0.5, low + 0.5])
    for model in reversed(MODEL_COLOURS):
        counts, _ = np.histogram(np.clip(errors[model], edges[0], edges[-1]), bins=edges)
        figure.add_scatter(
            x=plain(np.repeat(edges, 2)),
            y=[0, *np.repeat(counts, 2).tolist(), 0],
            mode="lines",
            fill="tozeroy",
            name=model,
            line={"color": MODEL_COLOURS[model], "width": 2},
            opacity=0.7,
            hovertemplate="error %{x:.4g}<br>%{y:,} rows",
        )
    figure.update_xaxes(title="error: prediction less actual value")
    figure.update_yaxes(title="rows")
    halves = [float(np.median(np.abs(errors[model]))) for model in MODEL_COLOURS]
    return lay_out(figure, f"Errors: half of the rows within {sizes_against(*halves)}")


def _errors(outcomes: Outcomes) -> Floats:
    return np.asarray(outcomes.prediction - outcomes.target, dtype=np.float64)


def _evenly(prediction: Floats) -> npt.NDArray[np.int64]:
    """Pick rows from the least to the greatest prediction, both ends included."""
    order = np.argsort(prediction, kind="stable")
    if len(order) <= MOST_POINTS:
        return order
    return order[np.linspace(0, len(order) - 1, MOST_POINTS).round().astype(np.int64)]


def _add_rows(
    figure: go.Figure,
    model: str,
    predictions: Predictions,
    shown: npt.NDArray[np.int64],
    heights: npt.NDArray[np.float64],
    hover: str,
) -> None:
    """Add a point for each row in `shown` at its prediction and its height."""
    figure.add_scatter(
        x=plain(predictions.outcomes(model).prediction[shown]),
        y=plain(heights[shown]),
        customdata=predictions.table.index[shown].tolist(),
        mode="markers",
        name=model,
        marker={"color": MODEL_COLOURS[model], "size": 5, "opacity": 0.45},
        hovertemplate=f"{hover}<br>row %{{customdata}}",
    )
