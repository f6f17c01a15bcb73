"""The value of each trial, in the order in which they were tried."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from experiment_cycle.metrics.catalogue import metric
from experiment_cycle.tuning.plots.axes import (
    GIVEN_UP,
    NOTHING,
    SO_FAR,
    TRIAL,
    beyond_note,
    blank,
    complete,
    described,
    limits,
    say,
)


def plot_history(trials: pd.DataFrame, metric_name: str) -> go.Figure:
    """Draw the value of each trial, and the best one so far as a step line.

    Args:
        trials: The table of trials; failed ones have no value and are marked on the axis, those
            that were given up early have the value they had reached.
        metric_name: The metric that was searched by; it says which way is better.

    Returns:
        The figure, plain lists throughout; without trials it says that nothing was searched.
    """
    measured = metric(metric_name)
    axis, beyond = limits(trials["value"], metric_name)
    better = "more" if measured.greater_is_better else "less"
    figure = blank(
        f"Search for hyperparameters: {measured.label} on validation ({better} is "
        f"better{beyond_note(beyond)})"
    )
    if trials.empty:
        return say(figure, NOTHING)
    figure.update_xaxes(title="trial")
    figure.update_yaxes(title=measured.label, range=axis)
    _draw(figure, trials, measured.greater_is_better)
    return figure


def _draw(figure: go.Figure, trials: pd.DataFrame, greater_is_better: bool) -> None:
    finished = complete(trials)
    best = finished["value"].cummax() if greater_is_better else finished["value"].cummin()
    _add_points(figure, finished, "trial", {"color": TRIAL, "size": 7})
    figure.add_scatter(
        x=_numbers(finished),
        y=[float(value) for value in best],
        mode="lines",
        name="best so far",
        line={"color": SO_FAR, "width": 2, "shape": "hv"},
        hovertemplate="best up to trial %{x}: %{y:.5f}<extra></extra>",
    )
    pruned = trials[(trials["state"] == "pruned") & trials["value"].notna()]
    if len(pruned):
        hollow = {"color": GIVEN_UP, "size": 7, "symbol": "circle-open"}
        _add_points(figure, pruned, "stopped early", hollow)
    failed = trials[trials["state"] == "failed"]
    if len(failed):
        figure.add_scatter(
            x=_numbers(failed),
            y=[0.02] * len(failed),
            yaxis="y2",
            mode="markers",
            name="failed",
            marker={"color": GIVEN_UP, "size": 9, "symbol": "x"},
            hovertemplate="trial %{x} failed<extra></extra>",
        )
        figure.update_layout(yaxis2={"overlaying": "y", "range": [0, 1], "visible": False})


def _add_points(
    figure: go.Figure, trials: pd.DataFrame, name: str, marker: dict[str, object]
) -> None:
    figure.add_scatter(
        x=_numbers(trials),
        y=[float(value) for value in trials["value"]],
        mode="markers",
        name=name,
        marker=marker,
        text=[described(row) for _, row in trials.iterrows()],
        hovertemplate=f"trial %{{x}}: %{{y:.5f}}<br>%{{text}}<extra>{name}</extra>",
    )


def _numbers(trials: pd.DataFrame) -> list[int]:
    return [int(number) for number in trials["trial"]]
