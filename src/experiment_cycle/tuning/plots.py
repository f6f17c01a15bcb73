"""The trials of a search, drawn."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from experiment_cycle.metrics.catalogue import metric


def plot_trials(trials: pd.DataFrame, metric_name: str) -> go.Figure:
    """Draw the value of each trial, and the best one so far as a step line.

    Args:
        trials: The table of trials; failed ones have no value and are marked on the axis.
        metric_name: The metric that was searched by; it says which way is better.

    Returns:
        The figure, plain lists throughout; without trials it says that nothing was searched.
    """
    measured = metric(metric_name)
    figure = go.Figure()
    figure.update_layout(
        template="plotly_white",
        title=f"Search for hyperparameters: {measured.label} on validation",
        xaxis_title="trial",
        yaxis_title=measured.label,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 1, "xanchor": "right"},
        margin={"l": 60, "r": 20, "t": 80, "b": 50},
    )
    if trials.empty:
        figure.add_annotation(
            text="Nothing was searched: the hyperparameters are as configured.",
            showarrow=False,
            x=0.5,
            y=0.5,
            xref="paper",
            yref="paper",
        )
        figure.update_xaxes(visible=False)
        figure.update_yaxes(visible=False)
        return figure
    _draw(figure, trials, measured.greater_is_better)
    return figure


def _draw(figure: go.Figure, trials: pd.DataFrame, greater_is_better: bool) -> None:
    complete = trials[trials["state"] == "complete"]
    failed = [int(number) for number in trials.loc[trials["state"] != "complete", "trial"]]
    numbers = [int(number) for number in complete["trial"]]
    best = complete["value"].cummax() if greater_is_better else complete["value"].cummin()
    figure.add_scatter(
        x=numbers,
        y=[float(value) for value in complete["value"]],
        mode="markers",
        name="trial",
        marker={"color": "#0072B2", "size": 7},
        text=[_described(row) for _, row in complete.iterrows()],
        hovertemplate="trial %{x}: %{y:.5f}<br>%{text}<extra></extra>",
    )
    figure.add_scatter(
        x=numbers,
        y=[float(value) for value in best],
        mode="lines",
        name="best so far",
        line={"color": "#E69F00", "width": 2, "shape": "hv"},
        hovertemplate="best up to trial %{x}: %{y:.5f}<extra></extra>",
    )
    if failed:
        figure.add_scatter(
            x=failed,
            y=[float(complete["value"].min())] * len(failed),
            mode="markers",
            name="failed",
            marker={"color": "#999999", "size": 9, "symbol": "x"},
            hovertemplate="trial %{x} failed<extra></extra>",
        )


def _described(trial: pd.Series) -> str:
    """Name a trial's hyperparameters, one a line."""
    fixed = {"trial", "state", "value", "duration_seconds"}
    shown = {name: value for name, value in trial.items() if name not in fixed}
    return "<br>".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in shown.items()
    )
