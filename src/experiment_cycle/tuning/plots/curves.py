"""How the metric of each trial went, round by round or epoch by epoch."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from experiment_cycle.metrics.catalogue import metric
from experiment_cycle.tuning.plots.axes import (
    BEST,
    GIVEN_UP,
    NOTHING,
    TRIAL,
    best_of,
    blank,
    complete,
    limits,
    say,
)

MOST_POINTS = 20_000
"""Of all curves together; longer ones are drawn with every second step, every third, and so on."""
AT_ONCE = "This estimator is fitted at once: there is one value a trial."


def plot_curves(trial_curves: pd.DataFrame, trials: pd.DataFrame, metric_name: str) -> go.Figure:
    """Draw the metric on validation by step, a line a trial.

    Args:
        trial_curves: Columns trial, step, value.
        trials: The table of trials, with the state of each.
        metric_name: The metric that was searched by.

    Returns:
        The figure, plain lists throughout; a sentence in it where there is nothing to draw.
    """
    label = metric(metric_name).label
    if trials.empty or trial_curves["step"].max() == 1 or trial_curves.empty:
        figure = blank(f"By step: {label} on validation")
        return say(figure, NOTHING if trials.empty else AT_ONCE)
    reach, beyond = limits(trial_curves["value"], metric_name)
    steps = int(trial_curves.groupby("trial")["step"].max().sum())
    figure = blank(
        f"By step: {label} on validation, a line a trial,<br>{steps:,} steps in all"
        + ("; what is far worse lies beyond the axis" if beyond else "")
    )
    figure.update_xaxes(title="round or epoch")
    figure.update_yaxes(title=label, range=reach)
    states = dict(zip(trials["trial"], trials["state"], strict=True))
    found = complete(trials)
    best = int(found["trial"].iloc[best_of(found, metric_name)]) if len(found) else None
    kind = trial_curves["trial"].map(lambda one: "best" if one == best else states.get(one, ""))
    stride = math.ceil(len(trial_curves) / MOST_POINTS)
    for name, shown, line in (
        ("stopped early", "pruned", {"color": GIVEN_UP, "width": 1, "dash": "dot"}),
        ("trial", "complete", {"color": TRIAL, "width": 1}),
        ("best trial", "best", {"color": BEST, "width": 3}),
    ):
        _add_lines(figure, trial_curves[kind == shown], name, line, stride)
    return figure


def _add_lines(
    figure: go.Figure, curves: pd.DataFrame, name: str, line: dict[str, Any], stride: int
) -> None:
    x: list[int | None] = []
    y: list[float | None] = []
    text: list[str] = []
    for number, curve in curves.groupby("trial"):
        last = curve["step"].max()
        kept = curve[((curve["step"] - 1) % stride == 0) | (curve["step"] == last)]
        # None: the next line starts on its own
        x += [*(int(step) for step in kept["step"]), None]
        y += [*(None if math.isnan(value) else float(value) for value in kept["value"]), None]
        text += [str(number)] * (len(kept) + 1)
    if x:
        figure.add_scatter(
            x=x,
            y=y,
            text=text,
            mode="lines",
            name=name,
            line=line,
            opacity=1.0 if name == "best trial" else 0.5,
            hovertemplate=f"trial %{{text}}, step %{{x}}: %{{y:.5f}}<extra>{name}</extra>",
        )
