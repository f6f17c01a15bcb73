"""The ROC curve and the precision-recall curve."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

from experiment_cycle.evaluation.palette import MODEL_COLOURS, REFERENCE
from experiment_cycle.evaluation.plots.layout import against, lay_out, plain
from experiment_cycle.metrics.catalogue import measure
from experiment_cycle.metrics.ranking import Ranking

MOST_POINTS = 500
"""More points a curve than this cannot be told apart on a screen."""

Floats = npt.NDArray[np.float64]


def plot_roc(test_predictions: pd.DataFrame) -> go.Figure:
    """Draw the ROC curve of both models, with the line of chance.

    Args:
        test_predictions: As `predict_both` makes it.
    """
    target = test_predictions["target"].to_numpy()
    figure = go.Figure()
    _add_reference(figure, [0.0, 1.0], [0.0, 1.0], "chance")
    areas: dict[str, float] = {}
    for model in reversed(MODEL_COLOURS):
        probability = test_predictions[model].to_numpy()
        ranking = Ranking.of(target, probability)
        undefined = ranking.undefined("roc_auc")
        if undefined:
            return _without_curve("ROC curve", undefined)
        areas[model] = measure("roc_auc", target, probability)
        x = np.concatenate([[0.0], ranking.negatives / ranking.negatives[-1]])
        y = np.concatenate([[0.0], ranking.positives / ranking.positives[-1]])
        thresholds = np.concatenate([[1.0], ranking.thresholds])
        hover = "false positive rate %{x:.3f}<br>true positive rate %{y:.3f}"
        _add_curve(figure, model, (x, y, thresholds), hover, "linear")
    figure.update_xaxes(title="false positive rate", range=[-0.01, 1.01])
    figure.update_yaxes(title="true positive rate", range=[-0.01, 1.01])
    return lay_out(figure, f"ROC curve: AUC {against(areas['challenger'], areas['incumbent'])}")


def plot_precision_recall(test_predictions: pd.DataFrame) -> go.Figure:
    """Draw precision over recall of both models; chance is the share of positive rows.

    The line is the step function whose area is the average precision.

    Args:
        test_predictions: As `predict_both` makes it.
    """
    target = test_predictions["target"].to_numpy()
    share = float(target.mean()) if len(target) else 0.0
    figure = go.Figure()
    _add_reference(figure, [0.0, 1.0], [share, share], "chance")
    areas: dict[str, float] = {}
    for model in reversed(MODEL_COLOURS):
        probability = test_predictions[model].to_numpy()
        ranking = Ranking.of(target, probability)
        undefined = ranking.undefined("average_precision")
        if undefined:
            return _without_curve("Precision and recall", undefined)
        areas[model] = measure("average_precision", target, probability)
        recall = ranking.positives / ranking.positives[-1]
        precision = ranking.positives / ranking.rows
        x, y = np.concatenate([[0.0], recall]), np.concatenate([precision[:1], precision])
        thresholds = np.concatenate([ranking.thresholds[:1], ranking.thresholds])
        hover = "recall %{x:.3f}<br>precision %{y:.3f}"
        _add_curve(figure, model, (x, y, thresholds), hover, "vh")
    figure.update_xaxes(title="recall", range=[-0.01, 1.01])
    figure.update_yaxes(title="precision", range=[max(0.0, share - 0.15), 1.01])
    found = against(areas["challenger"], areas["incumbent"])
    return lay_out(figure, f"Precision and recall: AP {found}")


def _add_curve(
    figure: go.Figure, model: str, points: tuple[Floats, Floats, Floats], hover: str, shape: str
) -> None:
    """Add one model's curve; `points` are x, y and threshold, shape (points,) each."""
    kept = _thinned(points[0], points[1])
    x, y, thresholds = (plain(values[kept]) for values in points)
    figure.add_scatter(
        x=x,
        y=y,
        customdata=thresholds,
        mode="lines",
        name=model,
        line={"color": MODEL_COLOURS[model], "width": 2.5, "shape": shape},
        hovertemplate=f"{hover}<br>threshold %{{customdata:.3f}}",
    )


def _thinned(x: Floats, y: Floats) -> npt.NDArray[np.int64]:
    """Pick points evenly along the way of the curve, both ends included."""
    if len(x) <= MOST_POINTS:
        return np.arange(len(x))
    way = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))])
    steps = np.linspace(0.0, way[-1], MOST_POINTS)
    kept = np.unique(np.searchsorted(way, steps, side="left").clip(0, len(x) - 1))
    kept[-1] = len(x) - 1
    return np.asarray(kept, dtype=np.int64)


def _add_reference(figure: go.Figure, x: list[float], y: list[float], name: str) -> None:
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines",
        name=name,
        line={"color": REFERENCE, "width": 1.5, "dash": "dash"},
        hoverinfo="skip",
    )


def _without_curve(what: str, undefined: str) -> go.Figure:
    """Say in the place of a curve why there is none."""
    figure = go.Figure()
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    return lay_out(figure, f"{what}: not defined, {undefined}")
