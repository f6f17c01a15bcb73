"""The confusion matrices of both models, side by side, and how each class fares."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from experiment_cycle.evaluation.palette import MODEL_COLOURS
from experiment_cycle.evaluation.plots.layout import lay_out, plain
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.metrics.confusion import Counts, class_names, confusion

MOST_CLASSES = 15
"""Of more classes, the most frequent ones are shown and the rest joined: texts would overlap."""


def plot_confusion(predictions: Predictions) -> go.Figure:
    """Draw counts, and percentages of the actual class: the diagonal shows all hit rates.

    Args:
        predictions: Of classes; each model calls them in its own way, at its own threshold.
    """
    figure = make_subplots(
        cols=2, subplot_titles=list(MODEL_COLOURS), shared_yaxes=True, horizontal_spacing=0.05
    )
    right: list[str] = []
    for column, (model, colour) in enumerate(MODEL_COLOURS.items(), start=1):
        counts, names = _counted(predictions, model)
        right.append(f"{100 * counts.trace() / max(counts.sum(), 1):.1f} %")
        figure.add_trace(_heatmap(*_joined(counts, names), colour), row=1, col=column)
    figure.update_xaxes(title="predicted", showgrid=False)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_yaxes(title="actual", col=1)
    at = ""
    if predictions.thresholds:
        distinct = dict.fromkeys(f"{predictions.thresholds[model]:g}" for model in MODEL_COLOURS)
        at = f" at {' and '.join(distinct)}"
    return lay_out(figure, f"Confusion{at}: {right[0]} right against {right[1]}")


def plot_classes(predictions: Predictions) -> go.Figure:
    """Draw recall and precision of each class, for both models.

    Args:
        predictions: Of several classes.
    """
    figure = make_subplots(cols=2, shared_yaxes=True, horizontal_spacing=0.05)
    recalls: dict[str, npt.NDArray[np.float64]] = {}
    names: list[str] = []
    for model, colour in MODEL_COLOURS.items():
        counts, names = _joined(*_counted(predictions, model))
        hits = counts.diagonal()
        recalls[model] = _shares(hits, counts.sum(axis=1))
        precision = _shares(hits, counts.sum(axis=0))
        for column, (kind, values) in enumerate(
            (("recall", recalls[model]), ("precision", precision)), start=1
        ):
            figure.add_bar(
                x=[None if np.isnan(value) else float(f"{value:.4g}") for value in values],
                y=names,
                orientation="h",
                name=model,
                legendgroup=model,
                showlegend=column == 1,
                marker={"color": colour},
                hovertemplate=f"%{{y}}: {kind} %{{x:.3f}}<extra>{model}</extra>",
                row=1,
                col=column,
            )
    figure.update_xaxes(range=[0.0, 1.01])
    figure.update_xaxes(title="recall", col=1)
    figure.update_xaxes(title="precision", col=2)
    figure.update_yaxes(autorange="reversed", type="category")
    lay_out(figure, f"Classes: {_weakest(recalls, names)}")
    return figure.update_layout(legend={"traceorder": "normal"})


def _counted(predictions: Predictions, model: str) -> tuple[Counts, list[str]]:
    names = list(class_names(predictions.problem))
    return confusion(predictions.outcomes(model), len(names)), names


def _joined(counts: Counts, names: list[str]) -> tuple[Counts, list[str]]:
    """Keep the classes with the most rows, in their order, and join the others."""
    if len(names) <= MOST_CLASSES:
        return counts, names
    frequent = np.argsort(-counts.sum(axis=1), kind="stable")[: MOST_CLASSES - 1]
    place = np.full(len(names), MOST_CLASSES - 1)
    kept = np.sort(frequent)
    place[kept] = np.arange(len(kept))
    joined = np.zeros((MOST_CLASSES, MOST_CLASSES), dtype=np.int64)
    np.add.at(joined, (place[:, None], place[None, :]), counts)
    rest = len(names) - len(kept)
    return joined, [*(names[code] for code in kept), f"{rest} others"]


def _shares(part: Counts, whole: Counts) -> npt.NDArray[np.float64]:
    """Divide; nan where there is nothing to divide by."""
    shares = np.full(len(part), np.nan)
    np.divide(part, whole, out=shares, where=whole > 0)
    return shares


def _weakest(recalls: dict[str, npt.NDArray[np.float64]], names: list[str]) -> str:
    """Say which class the challenger finds least of."""
    challenger = recalls["challenger"]
    if np.isnan(challenger).all():
        return "not defined, there are no rows"
    code = int(np.nanargmin(challenger))
    found, other = challenger[code], recalls["incumbent"][code]
    return f"weakest is {names[code]}, {100 * found:.1f} % found against {100 * other:.1f} %"


def _heatmap(counts: Counts, names: list[str], colour: str) -> go.Heatmap:
    """Draw one matrix, rows by class, shaded by the share of the row."""
    shares = [_row_shares(row) for row in counts]
    text = [
        [
            f"{count:,}<br>{100 * share:.1f} %" if row.sum() else "0"
            for count, share in zip(row.tolist(), shared, strict=True)
        ]
        for row, shared in zip(counts, shares, strict=True)
    ]
    return go.Heatmap(
        x=names,
        y=names,
        z=shares,
        text=text,
        texttemplate="%{text}",
        textfont={"size": max(8, 15 - len(names))},
        colorscale=[[0.0, "#FFFFFF"], [1.0, colour]],
        zmin=0.0,
        zmax=1.0,
        showscale=False,
        xgap=2,
        ygap=2,
        hovertemplate="actual %{y}, predicted %{x}<br>%{text}<extra></extra>",
    )


def _row_shares(row: Counts) -> list[float]:
    return plain(row / max(int(row.sum()), 1))
