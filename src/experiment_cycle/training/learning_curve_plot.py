"""The learning curve, drawn: does the loss still fall where the rows end?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from statistics import fmean

import plotly.graph_objects as go

from experiment_cycle.metrics.catalogue import metric
from experiment_cycle.training.plots import COLOURS
from experiment_cycle.training.records import LearningCurvePoint

NOT_ASKED = (
    "No learning curve was asked for. Set training.learning_curve in parameters_training.yml "
    "to see whether more data would help."
)
Shares = dict[float, list[LearningCurvePoint]]


def plot_learning_curve(points: Sequence[LearningCurvePoint], loss: str) -> go.Figure:
    """Draw the mean loss by share of the training rows, with the range over repeats.

    Args:
        points: As `trace_learning_curve` returns them.
        loss: The metric they hold.

    Returns:
        The curves, with the answer as title; a figure that says so where there are no points.
        Plain lists throughout, so that the figure's JSON can be read without numpy.
    """
    figure = go.Figure()
    figure.update_layout(template="plotly_white", margin={"l": 60, "r": 20, "t": 80, "b": 50})
    if not points:
        figure.add_annotation(text=NOT_ASKED, showarrow=False, xref="paper", yref="paper", x=0.5)
        figure.update_xaxes(visible=False)
        figure.update_yaxes(visible=False)
        return figure
    shares = _by_share(points)
    for part, colour in COLOURS.items():
        _draw(figure, part, colour, shares)
    figure.update_layout(
        title=answer(points, loss).replace(": ", ":<br>", 1),
        yaxis_title=metric(loss).label,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 1, "xanchor": "right"},
    )
    figure.update_xaxes(title="training rows", rangemode="tozero")
    return figure


def answer(points: Sequence[LearningCurvePoint], loss: str) -> str:
    """Say whether more data would help, from the last step of the curve.

    The gain of a repeat is what it improves from the last share but one to the last. Only gains
    of one sign in every repeat tell anything. The last share is often all rows, trained on once:
    its own chance is in every gain and not in their spread.
    """
    (before, smaller), (after, larger) = list(_by_share(points).items())[-2:]
    sign = 1 if metric(loss).greater_is_better else -1
    ends = {point.repeat: point.validation for point in larger}
    gains = [
        sign * (ends.get(point.repeat, larger[0].validation) - point.validation)
        for point in smaller
    ]
    step = f"from {before:.0%} to {after:.0%} of the training rows"
    shown = f"{metric(loss).label} on validation improves by {fmean(gains):.4f}"
    if len(gains) == 1:
        verdict = "More data may help" if gains[0] > 0 else "More data may not help"
        return f"{verdict}: {shown} {step}, in the only draw."
    spread = f"{step}, by {min(gains):.4f} to {max(gains):.4f} over {len(gains)} draws."
    if min(gains) > 0:
        return f"More data would probably help: {shown} {spread}"
    if max(gains) <= 0:
        return f"More data would probably not help: {shown} {spread}"
    return f"Whether more data would help cannot be told: {shown} {spread}"


def _by_share(points: Sequence[LearningCurvePoint]) -> Shares:
    ordered = sorted(points, key=lambda point: (point.share, point.repeat))
    return {share: list(found) for share, found in groupby(ordered, key=lambda each: each.share)}


def _draw(figure: go.Figure, part: str, colour: str, shares: Shares) -> None:
    values = [[float(getattr(point, part)) for point in found] for found in shares.values()]
    means = [fmean(found) for found in values]
    figure.add_scatter(
        x=[fmean(point.rows for point in found) for found in shares.values()],
        y=means,
        mode="lines+markers",
        name=part,
        line={"color": colour, "width": 2},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [max(found) - mean for found, mean in zip(values, means, strict=True)],
            "arrayminus": [mean - min(found) for found, mean in zip(values, means, strict=True)],
        },
        hovertemplate=f"%{{x:,.0f}} rows<br>{part} %{{y:.5f}}<extra></extra>",
    )
