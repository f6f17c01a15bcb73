"""By how much slices are worse than the rest, as the confirming half of the units shows it."""

from __future__ import annotations

import plotly.graph_objects as go

from experiment_cycle.evaluation.palette import CHALLENGER, REFERENCE
from experiment_cycle.evaluation.plots.layout import lay_out, plain, without
from experiment_cycle.evaluation.records import WeakSlice, WeakSlices

LINE = 34
"""Pixels a slice."""
AROUND = 220
LONGEST = 48


def plot_weak_slices(found: WeakSlices) -> go.Figure:
    """Draw the excess of each slice that was tested, with its interval, the surest at the top.

    A ring shows what it was on the half that was searched: chance makes it greater there.

    Args:
        found: By `find_weak_slices`.
    """
    judged = [each for each in found.slices if each.excess is not None]
    if not judged:
        return without("Weak slices", found.note or "no slice looked weak")
    figure = go.Figure()
    figure.add_vline(x=0, line={"color": REFERENCE, "width": 1.5, "dash": "dash"})
    names = [_named(each, at) for at, each in enumerate(judged)]
    figure.add_scatter(
        x=plain(each.excess_when_found for each in judged),
        y=names,
        mode="markers",
        name="when found",
        marker={"color": REFERENCE, "size": 9, "symbol": "circle-open", "line": {"width": 2}},
        hovertemplate="%{y}<br>when found %{x:.4g}<extra></extra>",
    )
    for confirmed, colour in ((False, REFERENCE), (True, CHALLENGER)):
        _add(figure, judged, names, confirmed, colour)
    ends = [len(names) - 0.5, -0.5]
    figure.update_yaxes(range=ends, categoryorder="array", categoryarray=names)
    figure.update_xaxes(title=f"{found.loss}: mean of the slice less that of the rest")
    count = sum(each.confirmed for each in judged)
    few = sum(each.lower is None for each in judged)
    crosses = f"; cross: too few rows for an interval ({few})" if few else ""
    lay_out(figure, f"Weak slices: {count} of {len(judged)} confirmed{crosses}")
    return figure.update_layout(height=AROUND + LINE * len(judged), margin={"l": 260})


def _add(
    figure: go.Figure, judged: list[WeakSlice], names: list[str], confirmed: bool, colour: str
) -> None:
    chosen = [at for at, each in enumerate(judged) if each.confirmed == confirmed]
    if not chosen:
        return
    values = [judged[at].excess or 0.0 for at in chosen]
    ends = [(judged[at].lower, judged[at].upper) for at in chosen]
    figure.add_scatter(
        x=plain(values),
        y=[names[at] for at in chosen],
        mode="markers",
        name="confirmed" if confirmed else "not confirmed",
        marker={
            "color": colour,
            "size": 9,
            # a cross: too few rows for an interval
            "symbol": ["circle" if low is not None else "x" for low, _ in ends],
        },
        error_x={
            "type": "data",
            "symmetric": False,
            "array": plain(
                0.0 if high is None else high - value
                for (_, high), value in zip(ends, values, strict=True)
            ),
            "arrayminus": plain(
                0.0 if low is None else value - low
                for (low, _), value in zip(ends, values, strict=True)
            ),
            "color": colour,
        },
        customdata=[
            [
                f"{judged[at].rows:,}",
                f"{judged[at].adjusted_p_value:.3g}",
                "" if judged[at].lower is not None else "<br>too few rows for an interval",
            ]
            for at in chosen
        ],
        hovertemplate="%{y}<br>excess %{x:.4g}<br>%{customdata[0]} rows"
        "<br>p %{customdata[1]}%{customdata[2]}<extra></extra>",
    )


def _named(found: WeakSlice, place: int) -> str:
    """Write a slice short enough for an axis; invisible signs keep names apart that are cut."""
    name = found.slice
    shown = name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
    return shown + "\u200b" * place
