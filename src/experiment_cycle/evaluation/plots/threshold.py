"""What each threshold would do on validation, and what the chosen one does on the test rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from experiment_cycle.evaluation.palette import CLASS_COLOURS, REFERENCE
from experiment_cycle.evaluation.plots.layout import lay_out, plain, without
from experiment_cycle.metrics.outcomes import Floats, Outcomes
from experiment_cycle.training.options import ErrorCosts
from experiment_cycle.training.records import ModelRecord
from experiment_cycle.training.threshold import SCORES, Cuts, expected_cost

WHAT = "Threshold curve"
MOST_POINTS = 300
SHOWN = {"precision": "precision", "recall": "recall", "f1": "F1"}
COST = "cost of a row"


@dataclass(frozen=True, eq=False)
class Curves:
    """Rates and cost by threshold: `values` of each, shape (thresholds,); nan: not defined."""

    threshold: Floats
    values: dict[str, Floats]

    @classmethod
    def of(cls, outcomes: Outcomes, costs: ErrorCosts) -> Curves:
        """Trace them over every threshold that differs in effect."""
        cuts = Cuts.of(outcomes)
        values = {shown: SCORES[name](cuts) for name, shown in SHOWN.items()}
        return cls(cuts.threshold, values | {COST: expected_cost(cuts, costs)})

    def at(self, threshold: float, outcomes: Outcomes) -> dict[str, float]:
        """Read them at one threshold of the same outcomes."""
        place = Cuts.of(outcomes).at(threshold)
        return {name: float(values[place]) for name, values in self.values.items()}


def plot_threshold(
    validation: Outcomes | None, tested: Outcomes, record: ModelRecord, costs: ErrorCosts
) -> go.Figure:
    """Draw precision, recall, F1 and the cost of wrong calls over the threshold.

    The curves are of validation, where the threshold is chosen; the test rows stand beside them at
    the chosen threshold only, so that nobody chooses another one by them.

    Args:
        validation: The challenger on validation; None where it does not call rows positive.
        tested: The challenger on the test rows.
        record: Says which threshold was chosen, and whether the model has learned from validation.
        costs: Of the two kinds of wrong calls.
    """
    if validation is None or record.threshold is None:
        return without(WHAT, "there are not two classes to tell apart")
    if record.refit_rows is not None:
        return without(WHAT, "the challenger was trained again on the validation rows")
    if len(np.unique(validation.target)) < len(("negative", "positive")):
        return without(WHAT, "validation has one class only")
    chosen = record.threshold.value
    curves = Curves.of(validation, costs)
    figure = make_subplots(cols=2, horizontal_spacing=0.18)
    for place, (name, values) in enumerate(curves.values.items()):
        _add(figure, name, CLASS_COLOURS[place], curves.threshold, values)
    own = curves.at(chosen, validation)
    other = Curves.of(tested, costs).at(chosen, tested)
    _mark(figure, chosen, other)
    figure.update_xaxes(title="threshold", range=[-0.01, 1.01])
    figure.update_yaxes(range=[-0.01, 1.01], col=1)
    figure.update_yaxes(title=COST, rangemode="tozero", col=2)
    told = f"a row costs {own[COST]:.3f} on validation, {other[COST]:.3f} on test"
    lay_out(figure, f"Threshold {chosen:.3g}: {told}")
    return figure.update_layout(legend={"traceorder": "normal"})


def _add(figure: go.Figure, name: str, colour: str, threshold: Floats, values: Floats) -> None:
    kept = _evenly(threshold)
    kept = kept[~np.isnan(values[kept])]
    figure.add_scatter(
        x=plain(threshold[kept]),
        y=plain(values[kept]),
        mode="lines",
        name=name,
        line={"color": colour, "width": 2.5, "dash": "dash" if name == COST else "solid"},
        hovertemplate=f"threshold %{{x:.3f}}<br>{name} %{{y:.3f}}",
        row=1,
        col=2 if name == COST else 1,
    )


def _mark(figure: go.Figure, chosen: float, tested: dict[str, float]) -> None:
    """Mark the chosen threshold, and what it does on the test rows."""
    figure.add_vline(x=chosen, line={"color": REFERENCE, "width": 1.5, "dash": "dot"})
    for place, (name, value) in enumerate(tested.items()):
        if np.isnan(value):
            continue
        figure.add_scatter(
            x=[chosen],
            y=plain([value]),
            mode="markers",
            name="on test, as chosen",
            legendgroup="test",
            showlegend=place == 0,
            marker={
                "color": CLASS_COLOURS[place],
                "size": 10,
                "symbol": "diamond",
                "line": {"color": "#FFFFFF", "width": 1},
            },
            hovertemplate=f"test, threshold %{{x:.3f}}<br>{name} %{{y:.3f}}",
            row=1,
            col=2 if name == COST else 1,
        )


def _evenly(threshold: Floats) -> npt.NDArray[np.int64]:
    """Pick thresholds evenly over their places, both ends included."""
    most = min(MOST_POINTS, len(threshold))
    return np.linspace(0, len(threshold) - 1, most).round().astype(np.int64)
