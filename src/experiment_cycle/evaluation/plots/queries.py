"""How well queries are ordered: by depth, query by query, and place by place."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from experiment_cycle.evaluation.palette import MODEL_COLOURS
from experiment_cycle.evaluation.plots.layout import against, lay_out, plain, without
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.metrics.catalogue import measure
from experiment_cycle.metrics.influence import influence
from experiment_cycle.metrics.outcomes import Floats, Outcomes
from experiment_cycle.metrics.queries import Queries, query_values

DEEPEST = 20
"""Nobody reads further down a list."""

BINS = 20
LOSS = "ndcg_at_10"


def plot_ndcg_curve(predictions: Predictions) -> go.Figure:
    """Draw NDCG at k over k, for both models.

    Args:
        predictions: Of ranked queries.
    """
    undefined = _undefined(predictions)
    if undefined:
        return without("NDCG by depth", undefined)
    figure = go.Figure()
    depths = _depths(predictions)
    for model in reversed(MODEL_COLOURS):
        _add_line(figure, model, depths, _at_depths("ndcg", predictions.outcomes(model), depths))
    figure.update_xaxes(title="first k rows of a query")
    figure.update_yaxes(title="NDCG at k")
    first, other = (measure("ndcg_at_1", predictions.outcomes(model)) for model in MODEL_COLOURS)
    return lay_out(figure, f"NDCG by depth: at the first row {against(first, other)}")


def plot_ndcg_by_query(predictions: Predictions) -> go.Figure:
    """Draw how many queries have which NDCG at 10, for both models.

    Args:
        predictions: Of ranked queries; those without a relevant row are left out.
    """
    undefined = _undefined(predictions)
    if undefined:
        return without("NDCG by query", undefined)
    figure = go.Figure()
    edges = np.linspace(0.0, 1.0, BINS + 1)
    perfect: dict[str, float] = {}
    for model in MODEL_COLOURS:
        values = _one_a_query(predictions.outcomes(model))
        perfect[model] = 100 * float((values >= 1.0 - np.finfo(np.float64).eps * 8).mean())
        counts, _ = np.histogram(values, bins=edges)
        figure.add_bar(
            x=plain((edges[1:] + edges[:-1]) / 2),
            y=counts.tolist(),
            name=model,
            marker={"color": MODEL_COLOURS[model]},
            hovertemplate="NDCG about %{x:.3f}<br>%{y:,} queries",
        )
    figure.update_xaxes(title="NDCG at 10 of a query", range=[0.0, 1.0])
    figure.update_yaxes(title="queries")
    told = f"{perfect['challenger']:.1f} % perfect against {perfect['incumbent']:.1f} %"
    lay_out(figure, f"NDCG by query: {told}")
    return figure.update_layout(legend={"traceorder": "normal"})


def plot_relevance_by_place(predictions: Predictions) -> go.Figure:
    """Draw the mean relevance of the rows at each place, for both models.

    Rows of equal score share their places.

    Args:
        predictions: Of ranked queries.
    """
    figure = go.Figure()
    first: dict[str, float] = {}
    for model in reversed(MODEL_COLOURS):
        queries = Queries.of(predictions.outcomes(model))
        relevance = queries.shared(queries.relevance)
        shown = queries.position < DEEPEST
        sums = np.bincount(queries.position[shown], weights=relevance[shown])
        means = sums / np.bincount(queries.position[shown])
        first[model] = float(means[0])
        _add_line(figure, model, list(range(1, len(means) + 1)), means)
    figure.update_xaxes(title="place in the query, by the model's score")
    figure.update_yaxes(title="mean relevance", rangemode="tozero")
    told = against(first["challenger"], first["incumbent"])
    return lay_out(figure, f"Relevance by place: at the first place {told}")


def plot_found(predictions: Predictions) -> go.Figure:
    """Draw recall and precision in the first k rows over k, for both models.

    Args:
        predictions: Of ranked queries.
    """
    undefined = _undefined(predictions)
    if undefined:
        return without("Relevant rows found", undefined)
    figure = make_subplots(cols=2)
    depths = _depths(predictions)
    for column, kind in enumerate(("recall", "precision"), start=1):
        for model in reversed(MODEL_COLOURS):
            values = _at_depths(kind, predictions.outcomes(model), depths)
            _add_line(figure, model, depths, values, column)
        figure.update_yaxes(title=f"{kind} at k", col=column)
    figure.update_xaxes(title="first k rows of a query")
    figure.update_yaxes(range=[0.0, 1.02])
    found = [100 * measure("recall_at_1", predictions.outcomes(m)) for m in MODEL_COLOURS]
    told = f"{found[0]:.1f} % in the first row against {found[1]:.1f} %"
    return lay_out(figure, f"Relevant rows found: {told}")


def _undefined(predictions: Predictions) -> str | None:
    """Say why no query can be judged; None where some can."""
    found = influence(LOSS, predictions.outcomes("challenger"))
    return str(found.note) if math.isnan(found.value) else None


def _depths(predictions: Predictions) -> list[int]:
    longest = int(np.unique(predictions.table["query"], return_counts=True)[1].max())
    return list(range(1, min(longest, DEEPEST) + 1))


def _at_depths(kind: str, outcomes: Outcomes, depths: list[int]) -> list[float]:
    return [measure(f"{kind}_at_{depth}", outcomes) for depth in depths]


def _one_a_query(outcomes: Outcomes) -> Floats:
    """Take NDCG at 10 of each query that has a relevant row, shape (queries,)."""
    first = np.unique(np.asarray(outcomes.query), return_index=True)[1]
    values = query_values(LOSS, outcomes)[first]
    return values[~np.isnan(values)]


def _add_line(
    figure: go.Figure,
    model: str,
    places: list[int],
    values: list[float] | Floats,
    column: int | None = None,
) -> None:
    """Add one model's values by place or depth; in a figure of several panels, to one of them."""
    line = go.Scatter(
        x=places,
        y=plain(values),
        mode="lines+markers",
        name=model,
        legendgroup=model,
        showlegend=column in {None, 1},
        line={"color": MODEL_COLOURS[model], "width": 2.5},
        hovertemplate="%{x}: %{y:.3f}",
    )
    if column is None:
        figure.add_trace(line)
    else:
        figure.add_trace(line, row=1, col=column)
