"""What the challenger fixed and broke, at a glance."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from experiment_cycle.evaluation.errors.disagreement import Changes
from experiment_cycle.evaluation.errors.levels import levels
from experiment_cycle.evaluation.palette import CHALLENGER, INCUMBENT
from experiment_cycle.evaluation.plots.layout import lay_out, plain, without
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.metrics.confusion import class_names

MOST_BARS = 8
BAR = 0.7
PARTS = 4
"""Into how many parts the target of a regression is cut."""


def plot_disagreement(predictions: Predictions, changes: Changes) -> go.Figure:
    """Draw the shares fixed (to the right) and broken (to the left), of all rows and by target.

    By class, the most frequent ones; by quarters of a number; for rankings all queries together.

    Args:
        predictions: Of both models.
        changes: What became of each row.
    """
    what = "queries" if predictions.problem.type == "ranking" else "rows"
    count = len(changes.fixed)
    if not count:
        return without("Fixed and broken", "there is nothing to count")
    names, masks = ["all"], [np.ones(count, dtype=np.bool_)]
    for name, mask in _parts(predictions, changes):
        names.append(name)
        masks.append(mask)
    figure = go.Figure()
    for word, happened, sign, colour in (
        ("broken", changes.broken, -1, INCUMBENT),
        ("fixed", changes.fixed, 1, CHALLENGER),
    ):
        shares = [100 * float(happened[mask].mean()) for mask in masks]
        figure.add_bar(
            y=names,
            x=plain(sign * share for share in shares),
            orientation="h",
            width=BAR if len(names) > 1 else BAR / 2,
            name=word,
            marker={"color": colour},
            text=[f"{share:.1f} %" for share in shares],
            textposition="auto",
            customdata=[[int(happened[mask].sum()), int(mask.sum())] for mask in masks],
            hovertemplate=f"%{{y}}: {word} %{{customdata[0]:,}} of %{{customdata[1]:,}} {what}",
        )
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_xaxes(title=f"% of the {what}: broken to the left, fixed to the right")
    figure.update_layout(barmode="relative")
    told = f"{int(changes.fixed.sum()):,} fixed, {int(changes.broken.sum()):,} broken"
    lay_out(figure, f"Challenger against incumbent: {told} of {count:,} {what}")
    return figure.update_layout(legend={"traceorder": "normal"})


def _parts(
    predictions: Predictions, changes: Changes
) -> list[tuple[str, np.ndarray[tuple[int], np.dtype[np.bool_]]]]:
    target = predictions.target[changes.places]
    names = class_names(predictions.problem)
    if names:
        sizes = np.bincount(target.astype(np.int64), minlength=len(names))
        frequent = np.sort(np.argsort(-sizes, kind="stable")[:MOST_BARS])
        return [(f"truly {names[code]}", target == code) for code in frequent if sizes[code]]
    if predictions.problem.type == "ranking":
        return []
    cut = levels(predictions.table["target"], PARTS, PARTS)
    return [
        (f"truly {label}", mask)
        for code, label in enumerate(cut.labels)
        if (mask := cut.codes == code).any()
    ]
