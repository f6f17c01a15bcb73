"""Which hyperparameters the metric depends on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

from experiment_cycle.metrics.catalogue import metric
from experiment_cycle.tuning.plots.axes import (
    NONE_COMPLETE,
    NOTHING,
    TRIAL,
    blank,
    complete,
    say,
    varied_axes,
)

FEWEST = 12
"""Complete trials below which nothing can be told."""
REPEATS, TREES, SHUFFLES = 20, 10, 4
LEAST_EXPLAINED = 0.1
"""Share of the order of unseen trials below which the forest has learned nothing to speak of."""
HEAD, BAR = 130, 34
LOWER, UPPER = 0.1, 0.9

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Importance:
    """How much each hyperparameter matters; all in shares of the variance of the trials' ranks.

    `mean`, `lower` and `upper` have a value for each of `names`; the bounds hold 80 of 100
    repetitions on other draws of the trials. `explained`: what the forest tells of unseen trials.
    """

    names: tuple[str, ...]
    mean: Floats
    lower: Floats
    upper: Floats
    explained: float


def importance_of(trials: pd.DataFrame, metric_name: str, seed: int) -> Importance | None:
    """Measure how much worse a forest foretells trials when a hyperparameter is shuffled.

    Trials are drawn with replacement, a random forest learns their ranks, and foretells those not
    drawn, once as they are and then with the values of one hyperparameter shuffled (permutation
    importance: Breiman 2001, "Random Forests"). Ranks, because a few very bad trials would
    outweigh all others. Only what the trials show: where a search looked at good values only,
    a hyperparameter that matters can seem not to.

    Args:
        trials: The table of trials; complete ones count.
        metric_name: The metric that was searched by.
        seed: From which draws, forests and shuffles come.

    Returns:
        The importance of each hyperparameter; None for too few trials, or equal ones.
    """
    from sklearn.ensemble import RandomForestRegressor  # noqa: PLC0415

    found = complete(trials)
    axes = varied_axes(found) if len(found) >= FEWEST else []
    if not axes or found["value"].nunique() == 1:
        return None
    inputs = np.column_stack([axis.places for axis in axes])
    ranks = np.asarray(found["value"].rank(), np.float64)
    generator = np.random.default_rng(seed)
    drops, explained = [], []
    for _ in range(REPEATS):
        drawn = generator.integers(0, len(ranks), len(ranks))
        unseen = np.setdiff1d(np.arange(len(ranks)), drawn)
        if not len(unseen):
            continue
        state = int(generator.integers(2**31))
        forest = RandomForestRegressor(TREES, random_state=state, n_jobs=1, min_samples_leaf=2)
        forest.fit(inputs[drawn], ranks[drawn])
        errors = _errors(forest, inputs[unseen], ranks[unseen], generator) / ranks.var()
        explained.append(1.0 - errors[0])
        drops.append(errors[1:] - errors[0])
    return Importance(
        tuple(axis.name for axis in axes),
        np.mean(drops, axis=0),
        np.quantile(drops, LOWER, axis=0),
        np.quantile(drops, UPPER, axis=0),
        float(np.mean(explained)),
    )


def plot_importance(trials: pd.DataFrame, metric_name: str, seed: int) -> go.Figure:
    """Draw a bar for each hyperparameter, the most important one on top.

    Args:
        trials: The table of trials.
        metric_name: The metric that was searched by.
        seed: From which the measurement is drawn; see `importance_of`.

    Returns:
        The figure, plain lists throughout; a sentence in it where nothing can be told.
    """
    label = metric(metric_name).label
    figure = blank(f"Which hyperparameters {label} depends on")
    if trials.empty:
        return say(figure, NOTHING)
    count = len(complete(trials))
    if not count:
        return say(figure, NONE_COMPLETE)
    found = importance_of(trials, metric_name, seed)
    if found is None:
        return say(
            figure,
            f"{count} complete trials do not tell which hyperparameters matter; it takes {FEWEST}"
            "<br>or more that differ in their values.",
        )
    figure.update_layout(title=_title(found, label, count), height=HEAD + BAR * len(found.names))
    order = np.argsort(found.mean)
    middle = found.mean[order]
    figure.add_bar(
        orientation="h",
        x=[max(float(value), 0.0) for value in middle],
        y=[found.names[one] for one in order],
        marker={"color": TRIAL},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [float(each) for each in found.upper[order] - np.maximum(middle, 0.0)],
            "arrayminus": [float(each) for each in np.maximum(middle, 0.0) - found.lower[order]],
            "color": "#777777",
        },
        text=[f"{value:.2f}" for value in middle],
        hovertemplate="%{y}: %{text}<extra></extra>",
        textposition="none",
        showlegend=False,
    )
    figure.update_xaxes(title="added error once it is shuffled<br>(lines: 80 of 100 draws)")
    return figure


def _title(found: Importance, label: str, count: int) -> str:
    told = f"{max(found.explained, 0.0):.0%} of the order of others"
    share = f"what {count} trials teach foretells {told}"
    if found.explained < LEAST_EXPLAINED:
        return f"These trials do not tell which hyperparameters {label} depends on:<br>{share}"
    return f"Which hyperparameters {label} depends on:<br>{share}"


def _errors(
    forest: object, inputs: Floats, ranks: Floats, generator: np.random.Generator
) -> Floats:
    """Give the mean squared error as things are, then with each column shuffled, (1 + columns,)."""
    rows, columns = inputs.shape
    tables = [inputs]
    for column in range(columns):
        for _ in range(SHUFFLES):
            shuffled = inputs.copy()
            shuffled[:, column] = inputs[generator.permutation(rows), column]
            tables.append(shuffled)
    foretold = forest.predict(np.concatenate(tables)).reshape(-1, rows)  # type: ignore[attr-defined]
    errors = ((foretold - ranks) ** 2).mean(axis=1)
    return np.concatenate([errors[:1], errors[1:].reshape(columns, SHUFFLES).mean(axis=1)])
