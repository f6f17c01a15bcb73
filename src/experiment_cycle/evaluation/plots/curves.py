"""Curves over all thresholds: ROC, each class against the rest too, and precision and recall."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from sklearn.metrics import precision_recall_curve, roc_curve

from experiment_cycle.evaluation.palette import CLASS_COLOURS, MODEL_COLOURS
from experiment_cycle.evaluation.plots.layout import add_reference, against, lay_out, plain, without
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.metrics.confusion import class_names
from experiment_cycle.metrics.influence import influence
from experiment_cycle.metrics.outcomes import Floats, Outcomes

MOST_POINTS = 500
"""More points a curve than this cannot be told apart on a screen."""

MOST_CLASSES = 5
"""More classes than this cannot be told apart by their colours."""

MODEL_DASHES = {"challenger": "solid", "incumbent": "dash"}

CLASS_LEGEND = {
    "title": {"text": "solid: challenger<br>dashed: incumbent"},
    "orientation": "v",
    "x": 0.99,
    "xanchor": "right",
    "y": 0.02,
    "traceorder": "normal",
}
"""Below the curves, where there is room for a line a class."""


def plot_roc(predictions: Predictions) -> go.Figure:
    """Draw the ROC curve of both models, with the line of chance.

    Args:
        predictions: Of two classes.
    """
    figure = go.Figure()
    add_reference(figure, [0.0, 1.0], [0.0, 1.0], "chance")
    areas: dict[str, float] = {}
    for model in reversed(MODEL_COLOURS):
        outcomes = predictions.outcomes(model)
        found = influence("roc_auc", outcomes)
        if math.isnan(found.value):
            return without("ROC curve", str(found.note))
        areas[model] = found.value
        points = _roc(outcomes.target, outcomes.prediction)
        hover = "false positive rate %{x:.3f}<br>true positive rate %{y:.3f}"
        _add_curve(figure, model, points, hover, {"color": MODEL_COLOURS[model]})
    _name_roc_axes(figure)
    return lay_out(figure, f"ROC curve: AUC {against(areas['challenger'], areas['incumbent'])}")


def plot_one_against_rest(predictions: Predictions) -> go.Figure:
    """Draw the ROC curve of each of the most frequent classes against all others, for both models.

    Args:
        predictions: Of several classes.
    """
    outcomes = {model: predictions.outcomes(model) for model in MODEL_COLOURS}
    names = class_names(predictions.problem)
    counts = np.bincount(predictions.target, minlength=len(names))
    shown = np.argsort(-counts, kind="stable")[:MOST_CLASSES]
    figure = go.Figure()
    add_reference(figure, [0.0, 1.0], [0.0, 1.0], "chance")
    for code, colour in zip(sorted(shown.tolist()), CLASS_COLOURS, strict=False):
        if not 0 < counts[code] < len(predictions):
            continue
        for model, dash in reversed(MODEL_DASHES.items()):
            points = _roc(predictions.target == code, outcomes[model].prediction[:, code])
            hover = f"{model}<br>false positive rate %{{x:.3f}}<br>true positive rate %{{y:.3f}}"
            _add_curve(figure, names[code], points, hover, {"color": colour, "dash": dash})
            figure.data[-1].update(legendgroup=names[code], showlegend=model == "challenger")
    _name_roc_axes(figure)
    lay_out(figure, f"ROC curves, one class against the rest: {_areas(outcomes)}")
    return figure.update_layout(legend=CLASS_LEGEND)


def plot_precision_recall(predictions: Predictions) -> go.Figure:
    """Draw precision over recall of both models; chance is the share of positive rows.

    The line is the step function whose area is the average precision.

    Args:
        predictions: Of two classes.
    """
    share = float(predictions.target.mean()) if len(predictions) else 0.0
    figure = go.Figure()
    add_reference(figure, [0.0, 1.0], [share, share], "chance")
    areas: dict[str, float] = {}
    for model in reversed(MODEL_COLOURS):
        outcomes = predictions.outcomes(model)
        found = influence("average_precision", outcomes)
        if math.isnan(found.value):
            return without("Precision and recall", str(found.note))
        areas[model] = found.value
        precision, recall, thresholds = (
            each[::-1] for each in precision_recall_curve(outcomes.target, outcomes.prediction)
        )
        # no row is called positive at the first point, so its precision is that of the next one
        points = (
            recall,
            np.concatenate([precision[1:2], precision[1:]]),
            np.concatenate([thresholds[:1], thresholds]),
        )
        hover = "recall %{x:.3f}<br>precision %{y:.3f}"
        _add_curve(figure, model, points, hover, {"color": MODEL_COLOURS[model], "shape": "vh"})
    figure.update_xaxes(title="recall", range=[-0.01, 1.01])
    figure.update_yaxes(title="precision", range=[max(0.0, share - 0.15), 1.01])
    areas_told = against(areas["challenger"], areas["incumbent"])
    return lay_out(figure, f"Precision and recall: AP {areas_told}")


def _roc(positive: npt.NDArray[Any], probability: Floats) -> tuple[Floats, Floats, Floats]:
    """Trace false and true positive rate down the thresholds, the first one above all rows."""
    false, true, thresholds = roc_curve(positive, probability, drop_intermediate=True)
    return false, true, np.minimum(thresholds, 1.0)


def _areas(outcomes: dict[str, Outcomes]) -> str:
    """Say what the mean area is, or why there is none."""
    challenger, incumbent = (influence("roc_auc_ovr", outcomes[model]) for model in MODEL_COLOURS)
    if math.isnan(challenger.value):
        return f"mean AUC not defined, {challenger.note}"
    return f"mean AUC {against(challenger.value, incumbent.value)}"


def _name_roc_axes(figure: go.Figure) -> None:
    figure.update_xaxes(title="false positive rate", range=[-0.01, 1.01])
    figure.update_yaxes(title="true positive rate", range=[-0.01, 1.01])


def _add_curve(
    figure: go.Figure,
    name: str,
    points: tuple[Floats, Floats, Floats],
    hover: str,
    line: dict[str, str],
) -> None:
    """Add one curve; `points` are x, y and threshold, shape (points,) each."""
    kept = thinned(points[0], points[1])
    x, y, thresholds = (plain(values[kept]) for values in points)
    figure.add_scatter(
        x=x,
        y=y,
        customdata=thresholds,
        mode="lines",
        name=name,
        line={"width": 2.5, **line},
        hovertemplate=f"{hover}<br>threshold %{{customdata:.3f}}",
    )


def thinned(x: Floats, y: Floats) -> npt.NDArray[np.int64]:
    """Pick points evenly along the way of the curve, both ends included."""
    if len(x) <= MOST_POINTS:
        return np.arange(len(x))
    way = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))])
    steps = np.linspace(0.0, way[-1], MOST_POINTS)
    kept = np.unique(np.searchsorted(way, steps, side="left").clip(0, len(x) - 1))
    kept[-1] = len(x) - 1
    return np.asarray(kept, dtype=np.int64)
