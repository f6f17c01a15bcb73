"""What all figures of the evaluation have in common.

Figures are built from plain lists: numpy arrays would be written as base64, which older viewers of
the JSON (Kedro-Viz's among them) cannot read.
"""

from __future__ import annotations

from collections.abc import Iterable

import plotly.graph_objects as go

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


def plain(values: Iterable[float], digits: int = 5) -> list[float]:
    """Write numbers as plain rounded floats: more digits than a screen shows only cost space."""
    return [round(float(value), digits) for value in values]


def against(challenger: float, incumbent: float, digits: int = 3) -> str:
    """Write two numbers as the titles do, such as ``0.668 against 0.640``."""
    return f"{challenger:.{digits}f} against {incumbent:.{digits}f}"
