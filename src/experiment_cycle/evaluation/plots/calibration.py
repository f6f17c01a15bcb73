"""The calibration plots: what was predicted, against what happened, bin by bin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from scipy.special import stdtrit

from experiment_cycle.evaluation.palette import MODEL_COLOURS
from experiment_cycle.evaluation.plots.layout import add_reference, lay_out, plain
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.evaluation.shares import share_interval
from experiment_cycle.metrics.classification import called
from experiment_cycle.metrics.outcomes import Floats, Outcomes
from experiment_cycle.metrics.units import LEAST_UNITS, Units

CONFIDENCE = 0.95
MARGIN = 0.03

AXES = {
    "binary": ("mean predicted probability", "share of positive rows"),
    "multiclass": ("mean confidence in the class that is called", "share of right calls"),
    "regression": ("mean prediction", "mean actual value"),
}


@dataclass(frozen=True)
class CalibrationPoint:
    """The rows of one bin: mean prediction, mean of what happened with its 95 % interval, rows."""

    predicted: float
    observed: float
    lower: float
    upper: float
    rows: int

    @property
    def agrees(self) -> bool:
        """Tell whether the interval holds the mean prediction."""
        return self.lower <= self.predicted <= self.upper


def calibration_points(predictions: Predictions, model: str, bins: int) -> list[CalibrationPoint]:
    """Group the rows by prediction into bins of about equally many rows; ties stay together.

    With several classes, the prediction is the probability of the class that is called, and what
    happened is whether it was right.

    Args:
        predictions: Of probabilities or of values.
        model: ``challenger`` or ``incumbent``.
        bins: How many bins at most; fewer where many rows have the same prediction.
    """
    predicted, happened = _sides(predictions.outcomes(model))
    edges = np.unique(np.quantile(predicted, np.arange(1, bins) / bins, method="inverted_cdf"))
    codes = np.searchsorted(edges, predicted, side="left")
    shares = predictions.problem.type != "regression"
    units = predictions.table["unit"].to_numpy()
    return [
        _point(predicted[inside], happened[inside], units[inside], shares=shares)
        for inside in (codes == code for code in range(len(edges) + 1))
        if inside.any()
    ]


def plot_calibration(predictions: Predictions, bins: int) -> go.Figure:
    """Draw what happened over the mean prediction, bin by bin, for both models.

    Args:
        predictions: Of probabilities or of values.
        bins: How many bins at most.
    """
    figure = go.Figure()
    points = {model: calibration_points(predictions, model, bins) for model in MODEL_COLOURS}
    shown = [value for each in points.values() for p in each for value in _extent(p)]
    ends = _ends(shown, shares=predictions.problem.type != "regression")
    add_reference(figure, plain(ends), plain(ends), "ideal")
    for model in reversed(MODEL_COLOURS):
        _add_points(figure, model, points[model])
    x, y = AXES[predictions.problem.type]
    figure.update_xaxes(title=x, range=plain(ends))
    figure.update_yaxes(title=y, range=plain(ends))
    agreeing = {
        model: f"{sum(point.agrees for point in each)} of {len(each)}"
        for model, each in points.items()
    }
    return lay_out(
        figure,
        f"Calibration: {agreeing['challenger']} bins within error against {agreeing['incumbent']}",
    )


def _sides(outcomes: Outcomes) -> tuple[Floats, Floats]:
    """Take what was predicted and what happened, shape (n,) each."""
    if outcomes.problem != "multiclass":
        return outcomes.prediction, outcomes.target.astype(np.float64)
    right = called(outcomes) == outcomes.target
    return outcomes.prediction.max(axis=1), right.astype(np.float64)


def _ends(shown: list[float], *, shares: bool) -> list[float]:
    """Leave some room around what is shown."""
    least, greatest = min(shown, default=0.0), max(shown, default=1.0)
    if shares:
        return [max(least - MARGIN, -0.01), min(greatest + MARGIN, 1.01)]
    room = MARGIN * ((greatest - least) or 1.0)
    return [least - room, greatest + room]


def _point(
    predicted: Floats, happened: Floats, codes: npt.NDArray[np.int64], *, shares: bool
) -> CalibrationPoint:
    """Measure one bin."""
    units = Units.from_codes(codes)
    observed = float(happened.mean())
    if shares:
        lower, upper = share_interval(happened, units, CONFIDENCE)
    else:
        contributions = (happened - observed) / len(happened)
        error = units.standard_error(contributions) if units.count >= LEAST_UNITS else 0.0
        quantile = float(stdtrit(units.degrees_of_freedom, (1 + CONFIDENCE) / 2))
        reach = quantile * error if error > 0 else 0.0
        lower, upper = observed - reach, observed + reach
    return CalibrationPoint(float(predicted.mean()), observed, lower, upper, len(happened))


def _extent(point: CalibrationPoint) -> tuple[float, float, float, float]:
    return point.predicted, point.observed, point.lower, point.upper


def _add_points(figure: go.Figure, model: str, points: list[CalibrationPoint]) -> None:
    figure.add_scatter(
        x=plain(point.predicted for point in points),
        y=plain(point.observed for point in points),
        error_y={
            "type": "data",
            "symmetric": False,
            "array": plain(point.upper - point.observed for point in points),
            "arrayminus": plain(point.observed - point.lower for point in points),
            "color": MODEL_COLOURS[model],
            "thickness": 1.2,
            "width": 3,
        },
        customdata=[point.rows for point in points],
        mode="lines+markers",
        name=model,
        line={"color": MODEL_COLOURS[model], "width": 2},
        marker={"size": 9},
        hovertemplate=("predicted %{x:.3f}<br>happened %{y:.3f}<br>%{customdata:,} rows"),
    )
