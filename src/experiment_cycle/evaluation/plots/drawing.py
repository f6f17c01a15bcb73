"""Which four figures a problem is shown by."""

from __future__ import annotations

from typing import NamedTuple

import plotly.graph_objects as go

from experiment_cycle.evaluation.plots.calibration import plot_calibration
from experiment_cycle.evaluation.plots.confusion import plot_classes, plot_confusion
from experiment_cycle.evaluation.plots.curves import (
    plot_one_against_rest,
    plot_precision_recall,
    plot_roc,
)
from experiment_cycle.evaluation.plots.queries import (
    plot_found,
    plot_ndcg_by_query,
    plot_ndcg_curve,
    plot_relevance_by_place,
)
from experiment_cycle.evaluation.plots.values import (
    plot_error_histogram,
    plot_errors,
    plot_predicted_actual,
)
from experiment_cycle.evaluation.predictions import Predictions


class Figures(NamedTuple):
    """The four figures of an evaluation; what each shows depends on the problem."""

    curve: go.Figure
    detail: go.Figure
    calibration: go.Figure
    confusion: go.Figure


def draw(predictions: Predictions, calibration_bins: int) -> Figures:
    """Draw both models on the test rows.

        problem      curve                  detail                 calibration         confusion
        binary       ROC                    precision and recall   shares by bin       matrices
        multiclass   ROC, one against rest  each class             confidence by bin   matrices
        regression   predicted and actual   errors by prediction   values by bin       histogram
        ranking      NDCG by depth          NDCG by query          relevance by place  recall at k

    Args:
        predictions: For the test rows.
        calibration_bins: How many bins of predictions at most.
    """
    kind = predictions.problem.type
    if kind == "ranking":
        return Figures(
            plot_ndcg_curve(predictions),
            plot_ndcg_by_query(predictions),
            plot_relevance_by_place(predictions),
            plot_found(predictions),
        )
    calibration = plot_calibration(predictions, calibration_bins)
    if kind == "regression":
        return Figures(
            plot_predicted_actual(predictions),
            plot_errors(predictions),
            calibration,
            plot_error_histogram(predictions),
        )
    confusion = plot_confusion(predictions)
    if kind == "multiclass":
        curve, detail = plot_one_against_rest(predictions), plot_classes(predictions)
    else:
        curve, detail = plot_roc(predictions), plot_precision_recall(predictions)
    return Figures(curve, detail, calibration, confusion)
