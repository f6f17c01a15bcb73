"""What all figures of the evaluation have in common.

Figures are built from plain lists: numpy arrays would be written as base64, which older viewers of
the JSON (Kedro-Viz's among them) cannot read.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import plotly.graph_objects as go

from experiment_cycle.evaluation.palette import REFERENCE

DIGITS = 6
DECADES = 2
CROWDED = 0.1

FONT = {"family": "Helvetica, Arial, sans-serif", "size": 14, "color": "#222222"}


def lay_out(figure: go.Figure, title: str) -> go.Figure:
    """Give a figure its title, a white ground, and a legend below the title."""
    return figure.update_layout(
        template="plotly_white",
        title={"text": title, "x": 0, "xref": "paper", "font": {"size": 16}},
        font=FONT,
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1.02,
            "yanchor": "bottom",
            "traceorder": "reversed",
        },
        margin={"l": 65, "r": 20, "t": 95, "b": 60},
        hovermode="closest",
    )


def plain(values: Iterable[Any]) -> list[float]:
    """Write numbers as plain floats of `DIGITS` digits: more than a screen shows cost space only.

    Digits count from the first one that is not 0, so that small numbers keep theirs.
    """
    return [float(f"{float(value):.{DIGITS}g}") for value in values]


def spans_decades(values: Iterable[float]) -> bool:
    """Tell whether numbers are better seen on a logarithmic axis.

    They are all above 0, spread over `DECADES` powers of ten or more, and their middle lies in the
    lowest tenth of their range: on a linear axis most of them would fall on one spot.
    """
    found = np.asarray(list(values), dtype=np.float64)
    found = found[np.isfinite(found)]
    if not len(found) or found.min() <= 0.0:
        return False
    low, middle, high = float(found.min()), float(np.median(found)), float(found.max())
    return high >= low * 10.0**DECADES and middle - low < (high - low) * CROWDED


def shortened(name: str, most: int) -> str:
    """Cut a name that is longer than an axis has room for."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def against(challenger: float, incumbent: float, digits: int = 3) -> str:
    """Write two numbers of about 0 to 1 as the titles do, such as ``0.668 against 0.640``."""
    return f"{challenger:.{digits}f} against {incumbent:.{digits}f}"


def sizes_against(challenger: float, incumbent: float) -> str:
    """Write two numbers of any size as the titles do, such as ``1240 against 1310``."""
    return f"{challenger:.4g} against {incumbent:.4g}"


def without(what: str, undefined: str) -> go.Figure:
    """Say in the place of a figure why there is none."""
    figure = go.Figure()
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    figure.add_annotation(text=undefined, x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False)
    return lay_out(figure, f"{what}: not defined, {undefined}")


def add_reference(figure: go.Figure, x: list[float], y: list[float], name: str) -> None:
    """Add the dashed line that a figure is read against."""
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines",
        name=name,
        line={"color": REFERENCE, "width": 1.5, "dash": "dash"},
        hoverinfo="skip",
    )
