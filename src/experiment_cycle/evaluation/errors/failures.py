"""The rows the challenger is most wrong about."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from experiment_cycle.columns import ROW
from experiment_cycle.evaluation.predictions import Predictions, rows_behind
from experiment_cycle.metrics.classification import called
from experiment_cycle.metrics.confusion import class_names
from experiment_cycle.metrics.losses import row_losses
from experiment_cycle.metrics.outcomes import Outcomes


def worst_rows(test: pd.DataFrame, predictions: Predictions, n: int) -> pd.DataFrame:
    """Take the rows with the greatest loss of the challenger, the worst first.

    Args:
        test: The test rows, indexed by `__row__`.
        predictions: For the same rows.
        n: How many rows at most. A ranking fails by whole queries: the worst ones that together
            have at most so many rows, and at least one.

    Returns:
        Columns `__row__`, `loss` (as `row_losses` computes it), then what was predicted and what
        came true, then the row's own columns. One of those that has the name of an earlier column
        is written `<name> (data)`. Rows of equal loss are in the order of the dataset, those of a
        query together; rows of queries without a relevant row have no loss and are left out.

        Binary: `probability` (of the positive class, by the challenger), `target` (1 is positive),
        `incumbent_probability`. Multiclass: `prediction` (the class called), `probability` (of the
        true class), `target`, `incumbent_prediction`. Regression: `prediction`, `target`,
        `incumbent_prediction`; ranking: the same after `query` and `place`, which tells where in
        its query the challenger puts the row, from 1 on.
    """
    losses = row_losses(predictions.outcomes("challenger"))
    found = pd.DataFrame({ROW: predictions.table.index, "loss": losses, **told(predictions)})
    found = found.dropna(subset="loss")
    if "query" not in found.columns:
        return with_own_columns(greatest(found, n), test, predictions)
    order = found.sort_values(["loss", "query", ROW], ascending=[False, True, True])
    last = order.groupby("query", sort=False).size().cumsum()
    whole = last.index[(last <= n) | (last == last.iloc[:1].max())]
    return with_own_columns(order[order["query"].isin(whole)], test, predictions)


def with_own_columns(
    chosen: pd.DataFrame, test: pd.DataFrame, predictions: Predictions
) -> pd.DataFrame:
    """Put the rows' own columns behind what is told of them.

    Args:
        chosen: One line a row, indexed by its place among the predictions.
        test: The test rows, indexed by `__row__`.
        predictions: For the same rows.
    """
    own = rows_behind(test, predictions.table).iloc[chosen.index]
    own = own.rename(columns={name: f"{name} (data)" for name in chosen.columns})
    return pd.concat([chosen.reset_index(drop=True), own.reset_index(drop=True)], axis=1)


def greatest(found: pd.DataFrame, n: int) -> pd.DataFrame:
    """Take the rows of the greatest losses; only those that may be among them are sorted."""
    if len(found) > n:
        loss = found["loss"].to_numpy()
        found = found[loss >= np.partition(loss, len(loss) - n)[len(loss) - n]]
    return found.sort_values(["loss", ROW], ascending=[False, True]).head(n)


def told(predictions: Predictions) -> dict[str, Any]:
    """Say what was predicted and what came true, each of shape (n,); see `worst_rows`."""
    challenger, incumbent = (predictions.outcomes(model) for model in predictions.models)
    target = predictions.target
    kind = predictions.problem.type
    if kind == "multiclass":
        names = np.array(class_names(predictions.problem), dtype=object)
        return {
            "prediction": names[called(challenger)],
            "probability": challenger.prediction[np.arange(len(target)), target],
            "target": names[target],
            "incumbent_prediction": names[called(incumbent)],
        }
    word = "probability" if kind == "binary" else "prediction"
    return {
        **_places(challenger),
        word: challenger.prediction,
        "target": target,
        f"incumbent_{word}": incumbent.prediction,
    }


def _places(outcomes: Outcomes) -> dict[str, Any]:
    """Number the rows of each query as the model orders them; nothing where none is ranked."""
    if outcomes.query is None:
        return {}
    by_query = pd.Series(-outcomes.prediction).groupby(outcomes.query)
    return {"query": outcomes.query, "place": by_query.rank(method="first").astype(int)}
