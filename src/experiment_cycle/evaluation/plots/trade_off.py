"""What a fairer alternative costs: how good against how even."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from experiment_cycle.evaluation.palette import MODEL_COLOURS
from experiment_cycle.evaluation.plots.layout import lay_out, plain, without
from experiment_cycle.evaluation.records import Estimate, Mitigation, TradeOff

MITIGATED = "#009E73"


def plot_trade_off(found: Mitigation) -> go.Figure:
    """Draw objective over gap: the models as they are, and the mitigated alternatives.

    Args:
        found: By `mitigate`.
    """
    points = [each for each in found.points if each.gap.value is not None]
    if not points:
        return without("Mitigation", found.note or "no fairer alternative was asked for")
    figure = go.Figure()
    _add(figure, points, "mitigated", MITIGATED, "circle")
    for model in found.models:
        if model.gap.value is not None:
            _add(figure, [model], model.name, MODEL_COLOURS[model.name], "diamond")
    figure.update_xaxes(title=f"{found.gap.replace('_', ' ')}, test rows", rangemode="tozero")
    figure.update_yaxes(title=f"{found.objective.replace('_', ' ')}, test rows")
    return lay_out(figure, f"What fairness by {found.column} would cost; it decides nothing")


def _add(
    figure: go.Figure, points: Sequence[TradeOff], name: str, colour: str, symbol: str
) -> None:
    figure.add_scatter(
        x=plain(each.gap.value or 0.0 for each in points),
        y=plain(each.objective.value or 0.0 for each in points),
        error_x=_bars([each.gap for each in points]),
        error_y=_bars([each.objective for each in points]),
        mode="lines+markers" if len(points) > 1 else "markers",
        name=name,
        text=[each.name for each in points],
        marker={"color": colour, "size": 11, "symbol": symbol},
        line={"color": colour, "width": 1.5},
        hovertemplate="%{text}<br>gap %{x:.4g}<br>%{y:.4g}",
    )


def _bars(estimates: Sequence[Estimate]) -> dict[str, object]:
    """Draw intervals thin, so that points of several models can be told apart."""
    ends = [
        (each.lower, each.value, each.upper)
        if each.lower is not None and each.upper is not None
        else (each.value, each.value, each.value)
        for each in estimates
    ]
    return {
        "type": "data",
        "symmetric": False,
        "array": plain((high or 0.0) - (value or 0.0) for _, value, high in ends),
        "arrayminus": plain((value or 0.0) - (low or 0.0) for low, value, _ in ends),
        "thickness": 1,
        "width": 0,
    }
