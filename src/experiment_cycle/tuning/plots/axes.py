"""What the figures of a search have in common: empty ones, and how hyperparameters are placed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

from experiment_cycle.metrics.catalogue import metric
from experiment_cycle.tuning.records import FIXED_COLUMNS

TRIAL = "#0072B2"
BEST = "#D55E00"
SO_FAR = "#E69F00"
MIDDLE = "#56B4E9"
GIVEN_UP = "#999999"
"""Of Okabe and Ito's colours, which colour-blind readers tell apart."""

NOTHING = "Nothing was searched: the hyperparameters are as configured."
NONE_COMPLETE = "No trial is complete."
ORDERS = 8.0
"""From this ratio on between greatest and least, values are placed by their order of magnitude."""
ZERO_BELOW = 3.0
"""How many times less than the least other value 0 is drawn at on such an axis."""
REACH, CROWD = 3.0, 0.8
"""The axis reaches three times as far from the best value as four fifths of the values do."""


@dataclass(frozen=True, eq=False)
class Axis:
    """The values of one hyperparameter over trials, as they are placed on an axis.

    `places` has shape (trials,), nan where the hyperparameter did not hold; `names` are those of
    the places 0, 1, and so on of a categorical one, and empty for numbers. A `log` axis has the
    plain values as places, but for 0: it has no order of magnitude and stands at `zero`, below all
    others, if it occurs.
    """

    name: str
    places: npt.NDArray[np.float64]
    names: tuple[str, ...]
    log: bool = False
    zero: float | None = None


def blank(title: str, height: int | None = None) -> go.Figure:
    """Make a figure with a title and nothing else."""
    figure = go.Figure()
    figure.update_layout(
        template="plotly_white",
        title=title,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 1, "xanchor": "right"},
        margin={"l": 60, "r": 20, "t": 80, "b": 50},
        height=height,
    )
    return figure


def say(figure: go.Figure, sentence: str) -> go.Figure:
    """Put a sentence in place of the axes."""
    figure.add_annotation(text=sentence, showarrow=False, x=0.5, y=0.5, xref="paper", yref="paper")
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    return figure


def complete(trials: pd.DataFrame) -> pd.DataFrame:
    """Keep the trials that were trained to their end."""
    return trials[trials["state"] == "complete"].reset_index(drop=True)


def best_of(trials: pd.DataFrame, metric_name: str) -> int:
    """Find the row of the best of the complete trials, the first of equals."""
    values = trials["value"].to_numpy(np.float64)
    return int(values.argmax() if metric(metric_name).greater_is_better else values.argmin())


def varied_axes(trials: pd.DataFrame) -> list[Axis]:
    """Place the hyperparameters that differ between trials."""
    names = [str(name) for name in trials.columns if name not in FIXED_COLUMNS]
    return [_axis(name, trials[name]) for name in names if trials[name].nunique(dropna=False) > 1]


def limits(values: npt.ArrayLike, metric_name: str) -> tuple[list[float] | None, int]:
    """Choose the range of an axis of values that a few very bad ones shall not squash.

    Returns:
        The range, None where all values fit; and how many lie beyond it.
    """
    known = np.asarray(values, np.float64)
    known = known[np.isfinite(known)]
    if not len(known):
        return None, 0
    sign = -1.0 if metric(metric_name).greater_is_better else 1.0
    losses = sign * known
    least = float(losses.min())
    usual = float(np.quantile(losses, CROWD)) - least
    most = least + REACH * usual
    beyond = int((losses > most).sum())
    if usual <= 0 or not beyond:
        return None, 0
    margin = 0.04 * (most - least)
    return sorted([sign * (least - margin), sign * most]), beyond


def beyond_note(count: int) -> str:
    """Say how many values the axis leaves out; empty for none."""
    return f"; {count} far worse beyond the axis" if count else ""


def shown(value: object) -> str:
    """Write the value of a hyperparameter."""
    if isinstance(value, float):
        return "none" if math.isnan(value) else f"{value:.4g}"
    return "none" if value is None else str(value)


def described(trial: pd.Series) -> str:
    """Name a trial's hyperparameters, one a line."""
    return "<br>".join(
        f"{name} {shown(value)}" for name, value in trial.items() if name not in FIXED_COLUMNS
    )


def _axis(name: str, values: pd.Series) -> Axis:
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return _number_axis(name, values.to_numpy(np.float64))
    texts = values.map(lambda value: None if _is_gap(value) else str(value))
    names = sorted({text for text in texts if isinstance(text, str)})
    codes = {text: float(code) for code, text in enumerate(names)}
    places = [codes.get(text, np.nan) for text in texts]
    return Axis(name, np.asarray(places, np.float64), tuple(names))


def _number_axis(name: str, places: npt.NDArray[np.float64]) -> Axis:
    positive = places[places > 0]
    if (places < 0).any() or not len(positive):
        return Axis(name, places, ())
    least = float(positive.min())
    if positive.max() / least < ORDERS:
        return Axis(name, places, ())
    if not (places == 0).any():
        return Axis(name, places, (), log=True)
    zero = least / ZERO_BELOW
    return Axis(name, np.where(places == 0, zero, places), (), log=True, zero=zero)


def _is_gap(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
