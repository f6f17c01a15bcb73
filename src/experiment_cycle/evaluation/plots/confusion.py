"""The confusion matrices of both models, side by side."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from experiment_cycle.evaluation.confusion import confusion
from experiment_cycle.evaluation.palette import MODEL_COLOURS
from experiment_cycle.evaluation.plots.layout import lay_out

CLASSES = ["negative", "positive"]


def plot_confusion(test_predictions: pd.DataFrame, threshold: float) -> go.Figure:
    """Draw counts, and percentages of the actual class: the diagonal shows both hit rates.

    Args:
        test_predictions: As `predict_both` makes it.
        threshold: A row is called positive from this probability on.
    """
    figure = make_subplots(
        cols=2, subplot_titles=list(MODEL_COLOURS), shared_yaxes=True, horizontal_spacing=0.05
    )
    right: list[str] = []
    for column, (model, colour) in enumerate(MODEL_COLOURS.items(), start=1):
        counts = confusion(test_predictions["target"], test_predictions[model], threshold)
        hits = counts["true_positive"] + counts["true_negative"]
        right.append(f"{100 * hits / max(len(test_predictions), 1):.1f} %")
        figure.add_trace(_heatmap(counts, colour), row=1, col=column)
    figure.update_xaxes(title="predicted", showgrid=False)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_yaxes(title="actual", col=1)
    return lay_out(figure, f"Confusion at {threshold:g}: {right[0]} right against {right[1]}")


def _heatmap(counts: dict[str, int], colour: str) -> go.Heatmap:
    """Draw one matrix, rows by class, shaded by the share of the row."""
    rows = [
        [counts["true_negative"], counts["false_positive"]],
        [counts["false_negative"], counts["true_positive"]],
    ]
    shares = [[count / sum(row) if sum(row) else 0.0 for count in row] for row in rows]
    text = [
        [
            f"{count:,}<br>{100 * share:.1f} %" if sum(row) else "0"
            for count, share in zip(row, shared, strict=True)
        ]
        for row, shared in zip(rows, shares, strict=True)
    ]
    return go.Heatmap(
        x=CLASSES,
        y=CLASSES,
        z=shares,
        text=text,
        texttemplate="%{text}",
        textfont={"size": 18},
        colorscale=[[0.0, "#FFFFFF"], [1.0, colour]],
        zmin=0.0,
        zmax=1.0,
        showscale=False,
        xgap=2,
        ygap=2,
        hovertemplate="actual %{y}, predicted %{x}<br>%{text}<extra></extra>",
    )
