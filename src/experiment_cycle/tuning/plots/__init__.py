"""The trials of a search, drawn."""

from experiment_cycle.tuning.plots.curves import plot_curves
from experiment_cycle.tuning.plots.history import plot_history
from experiment_cycle.tuning.plots.importance import plot_importance
from experiment_cycle.tuning.plots.parallel import plot_parallel
from experiment_cycle.tuning.plots.slices import plot_slices

__all__ = ["plot_curves", "plot_history", "plot_importance", "plot_parallel", "plot_slices"]
