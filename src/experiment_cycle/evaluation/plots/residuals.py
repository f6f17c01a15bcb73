"""The errors of a regression: against a normal distribution, and by feature."""

from __future__ import annotations

import html
import math
import re

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots
from scipy import stats

from experiment_cycle.evaluation.errors.residual_records import (
    FeatureStructure,
    ResidualAnalysis,
)
from experiment_cycle.evaluation.errors.residual_tests import varies
from experiment_cycle.evaluation.palette import CHALLENGER, MODEL_COLOURS
from experiment_cycle.evaluation.plots.layout import (
    add_reference,
    lay_out,
    plain,
    sizes_against,
    without,
)
from experiment_cycle.evaluation.predictions import Predictions

POINTS = 200
ALPHA = 0.05
SHOWN = 4
"""Features that are drawn: those with the surest structure."""
LONGEST = 9
"""Characters of a level's name under an axis."""
NO_NUMBERS = "nothing is predicted that one can be off by"


def plot_quantiles(predictions: Predictions) -> go.Figure:
    """Draw the quantiles of the errors over those of a normal distribution, for both models.

    Errors are measured in their own standard deviations from their own mean.

    Args:
        predictions: For the test rows.
    """
    if predictions.problem.type != "regression":
        return without("Q-Q", NO_NUMBERS)
    figure = go.Figure()
    most = min(POINTS, len(predictions))
    shares = (np.arange(most) + 0.5) / most
    expected = stats.norm.ppf(shares)
    ends = plain([expected[0], expected[-1]])
    add_reference(figure, ends, ends, "normal")
    tails: dict[str, float] = {}
    for model in reversed(MODEL_COLOURS):
        outcomes = predictions.outcomes(model)
        errors = np.asarray(outcomes.prediction - outcomes.target, dtype=np.float64)
        if not varies(errors):
            return without("Q-Q", f"all errors of the {model} are equal")
        values = (np.quantile(errors, shares) - errors.mean()) / errors.std()
        tails[model] = float(stats.kurtosis(errors))
        figure.add_scatter(
            x=plain(expected),
            y=plain(values),
            mode="lines+markers",
            name=model,
            line={"color": MODEL_COLOURS[model], "width": 1.5},
            marker={"size": 5},
            hovertemplate="normal %{x:.2f}<br>error %{y:.2f} standard deviations",
        )
    figure.update_xaxes(title="quantile of a normal distribution")
    figure.update_yaxes(title="quantile of the errors, in standard deviations")
    told = sizes_against(tails["challenger"], tails["incumbent"])
    return lay_out(figure, f"Q-Q of the errors: excess kurtosis {told}")


def plot_structure(analysis: ResidualAnalysis) -> go.Figure:
    """Draw the challenger's mean error by level of the features with the surest structure.

    Args:
        analysis: Of the challenger's errors.
    """
    found = analysis.residuals
    if found is None:
        return without("Errors by feature", NO_NUMBERS)
    shown = found.features[:SHOWN]
    if not shown:
        return without("Errors by feature", "there are no features")
    columns = min(2, len(shown))
    figure = make_subplots(
        rows=math.ceil(len(shown) / columns),
        cols=columns,
        subplot_titles=[_title(each) for each in shown],
        horizontal_spacing=0.09,
        vertical_spacing=0.24,
    )
    for place, each in enumerate(shown):
        _add(figure, each, place // columns + 1, place % columns + 1)
    figure.add_hline(y=0.0, line={"color": "#999999", "width": 1.5, "dash": "dash"})
    figure.update_yaxes(title="mean error", col=1)
    sure = sum(each.p_value is not None and each.p_value < ALPHA for each in found.features)
    told = f"{sure} of {len(found.features)} features still tell of them"
    lay_out(figure, f"Errors by feature: {told}")
    return figure.update_layout(showlegend=False, height=270 * math.ceil(len(shown) / columns))


def _title(each: FeatureStructure) -> str:
    p_value = "" if each.p_value is None else f", p {each.p_value:.2g}"
    return f"{html.escape(each.column)}: {100 * each.explained:.1f} % of the variance{p_value}"


def _add(figure: go.Figure, each: FeatureStructure, row: int, column: int) -> None:
    """Add the levels of one feature that have an interval."""
    shown = [found for found in each.bins if found.upper is not None]
    places = list(range(len(shown)))
    figure.add_scatter(
        x=places,
        y=plain(found.mean_error for found in shown),
        error_y={
            "type": "data",
            "array": plain((found.upper or 0.0) - found.mean_error for found in shown),
            "width": 3,
            "thickness": 1.2,
        },
        customdata=[[html.escape(found.level), found.rows] for found in shown],
        mode="markers",
        name="challenger",
        marker={"color": CHALLENGER, "size": 8},
        hovertemplate="%{customdata[0]}<br>mean error %{y:.4g}<br>%{customdata[1]:,} rows",
        row=row,
        col=column,
    )
    names = [_short(found.level) for found in shown]
    figure.update_xaxes(
        tickvals=places, ticktext=names, tickangle=0, tickfont={"size": 11}, row=row, col=column
    )


def _short(level: str) -> str:
    """Write a range by its upper edge, and long names in part."""
    text = re.sub(r"^over (.*)$", r"> \1", re.sub(r"^(over .* to|up to) ", "≤ ", level))
    return html.escape(text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…")
