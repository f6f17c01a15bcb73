"""Figures of both models on the test rows, challenger and incumbent side by side."""

from experiment_cycle.evaluation.plots.calibration import plot_calibration
from experiment_cycle.evaluation.plots.confusion import plot_confusion
from experiment_cycle.evaluation.plots.curves import plot_precision_recall, plot_roc

__all__ = ["plot_calibration", "plot_confusion", "plot_precision_recall", "plot_roc"]
