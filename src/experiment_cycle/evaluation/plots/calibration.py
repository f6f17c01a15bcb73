"""The calibration plot: what was predicted, against what happened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from experiment_cycle.evaluation.palette import MODEL_COLOURS, REFERENCE
from experiment_cycle.evaluation.plots.layout import lay_out, plain
from experiment_cycle.metrics.units import LEAST_UNITS, Units

NORMAL_95 = 1.959963984540054


@dataclass(frozen=True)
class CalibrationPoint:
    """The rows of one bin: mean prediction, share of positives with its 95 % interval, rows."""

    predicted: float
    observed: float
    lower: float
    upper: float
    rows: int

    @property
    def agrees(self) -> bool:
        """Tell whether the interval holds the mean prediction."""
        return self.lower <= self.predicted <= self.upper


def calibration_points(
    test_predictions: pd.DataFrame, model: str, bins: int
) -> list[CalibrationPoint]:
    """Group the rows by prediction into bins of about equally many rows; ties stay together.

    Args:
        test_predictions: As `predict_both` makes it.
        model: ``challenger`` or ``incumbent``.
        bins: How many bins at most; fewer where many rows have the same prediction.
    """
    probability = test_predictions[model].to_numpy()
    edges = np.unique(np.quantile(probability, np.arange(1, bins) / bins, method="inverted_cdf"))
    codes = np.searchsorted(edges, probability, side="left")
    return [
        _point(test_predictions[codes == code], model)
        for code in range(len(edges) + 1)
        if (codes == code).any()
    ]


def plot_calibration(test_predictions: pd.DataFrame, bins: int) -> go.Figure:
    """Draw the share of positives over the mean prediction, bin by bin, for both models.

    Args:
        test_predictions: As `predict_both` makes it.
        bins: How many bins at most.
    """
    figure = go.Figure()
    points = {model: calibration_points(test_predictions, model, bins) for model in MODEL_COLOURS}
    shown = [value for each in points.values() for p in each for value in _extent(p)]
    ends = [max(min(shown, default=0.0) - 0.03, -0.01), min(max(shown, default=1.0) + 0.03, 1.01)]
    figure.add_scatter(
        x=plain(ends),
        y=plain(ends),
        mode="lines",
        name="ideal",
        line={"color": REFERENCE, "width": 1.5, "dash": "dash"},
        hoverinfo="skip",
    )
    for model in reversed(MODEL_COLOURS):
        _add_points(figure, model, points[model])
    figure.update_xaxes(title="mean predicted probability", range=plain(ends))
    figure.update_yaxes(title="share of positive rows", range=plain(ends))
    agreeing = {
        model: f"{sum(point.agrees for point in each)} of {len(each)}"
        for model, each in points.items()
    }
    return lay_out(
        figure,
        f"Calibration: {agreeing['challenger']} bins within error against {agreeing['incumbent']}",
    )


def _point(rows: pd.DataFrame, model: str) -> CalibrationPoint:
    """Measure one bin, with Wilson's interval (1927) at the effective number of rows.

    Rows of one unit are alike, so the interval of n rows is that of fewer independent ones: as
    many as would have the standard error the units show (Dean and Pagano 2015).
    """
    target = rows["target"].to_numpy(dtype=np.float64)
    units = Units.from_codes(rows["unit"].to_numpy())
    observed, count = float(target.mean()), float(len(target))
    effective = units.effective
    if units.count >= LEAST_UNITS and 0.0 < observed < 1.0:
        error = units.standard_error((target - observed) / count)
        if error > 0.0:
            effective = min(count, observed * (1.0 - observed) / error**2)
    centre = (observed + NORMAL_95**2 / (2 * effective)) / (1 + NORMAL_95**2 / effective)
    reach = (
        NORMAL_95
        * np.sqrt(observed * (1 - observed) / effective + (NORMAL_95 / (2 * effective)) ** 2)
        / (1 + NORMAL_95**2 / effective)
    )
    return CalibrationPoint(
        predicted=float(rows[model].mean()),
        observed=observed,
        lower=max(float(centre - reach), 0.0),
        upper=min(float(centre + reach), 1.0),
        rows=len(rows),
    )


def _extent(point: CalibrationPoint) -> tuple[float, float, float]:
    return point.predicted, point.lower, point.upper


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
