"""The loss by boosting round, drawn."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

COLOURS = {"train": "#E69F00", "validation": "#0072B2"}
LABELS = {"log_loss": "log loss", "roc_auc": "ROC AUC", "average_precision": "average precision"}


def plot_loss(training_history: dict[str, Any]) -> go.Figure:
    """Draw log loss on train and validation by round, with the best round marked.

    Args:
        training_history: A `TrainingHistory` as a dict.

    Returns:
        Curves for an estimator with rounds, two bars for one without; plain lists throughout, so
        that the figure's JSON can be read without numpy.
    """
    figure = go.Figure()
    figure.update_layout(
        template="plotly_white",
        title=f"Loss of the challenger ({training_history['estimator']})",
        yaxis_title="log loss",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 1, "xanchor": "right"},
        margin={"l": 60, "r": 20, "t": 80, "b": 50},
    )
    if training_history["rounds"]:
        _draw_rounds(figure, training_history)
    else:
        _draw_bars(figure, training_history)
    return figure


def _draw_rounds(figure: go.Figure, history: dict[str, Any]) -> None:
    for part, colour in COLOURS.items():
        values = [float(value) for value in history[part].get("log_loss", ())]
        figure.add_scatter(
            x=list(range(1, len(values) + 1)),
            y=values,
            mode="lines",
            name=part,
            line={"color": colour, "width": 2},
            hovertemplate=f"round %{{x}}<br>{part} %{{y:.5f}}<extra></extra>",
        )
    best = history["best_round"]
    if best is not None:
        metric = LABELS.get(history["metric"], history["metric"])
        figure.add_scatter(
            x=[best],
            y=[float(history["validation"]["log_loss"][best - 1])],
            mode="markers",
            name=f"best round, by {metric}",
            marker={"color": COLOURS["validation"], "size": 11, "symbol": "circle-open"},
            hovertemplate=f"best round, {best}<br>validation %{{y:.5f}}<extra></extra>",
        )
        figure.add_vline(x=best, line={"color": "#999999", "dash": "dot", "width": 1})
    figure.update_xaxes(title="boosting round")


def _draw_bars(figure: go.Figure, history: dict[str, Any]) -> None:
    for part, colour in COLOURS.items():
        values = [float(value) for value in history[part].get("log_loss", ())]
        figure.add_bar(
            x=[part] * len(values),
            y=values,
            name=part,
            marker={"color": colour},
            width=0.4,
            text=[f"{value:.4f}" for value in values],
            textposition="outside",
            cliponaxis=False,
            hovertemplate=f"{part} %{{y:.5f}}<extra></extra>",
        )
    figure.update_layout(showlegend=False)
    figure.update_xaxes(title="one point each: this estimator has no rounds")
