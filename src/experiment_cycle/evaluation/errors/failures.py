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


def worst_rows(test: pd.DataFrame, predictions: Predictions, n: int) -> pd.DataFrame:
    """Take the rows with the greatest loss of the challenger, the worst first.

    Args:
        test: The test rows, indexed by `__row__`.
        predictions: For the same rows.
        n: How many rows at most.

    Returns:
        Columns `__row__`, `loss` (as `row_losses` computes it), then what was predicted and what
        came true, then the row's own columns. One of those that has the name of an earlier column
        is written `<name> (data)`. Rows of equal loss are in the order of the dataset, those of a
        query together; rows of queries without a relevant row have no loss and are left out.

        Binary: `probability` (of the positive class, by the challenger), `target` (1 is positive),
        `incumbent_probability`. Multiclass: `prediction` (the class called), `probability` (of the
        true class), `target`, `incumbent_prediction`. Regression: `prediction`, `target`,
        `incumbent_prediction`; ranking: the same after `query`.
    """
    losses = row_losses(predictions.outcomes("challenger"))
    found = pd.DataFrame(
        {ROW: predictions.table.index, "loss": losses, **_told(predictions)}
    ).dropna(subset="loss")
    together = ["query"] if "query" in found.columns else []
    keys = ["loss", *together, ROW]
    worst = found.sort_values(keys, ascending=[False] + [True] * (len(keys) - 1)).head(n)
    own = rows_behind(test, predictions.table).iloc[worst.index]
    own = own.rename(columns={name: f"{name} (data)" for name in found.columns})
    return pd.concat([worst.reset_index(drop=True), own.reset_index(drop=True)], axis=1)


def _told(predictions: Predictions) -> dict[str, Any]:
    """Say what was predicted and what came true, each of shape (n,)."""
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
        **({} if challenger.query is None else {"query": challenger.query}),
        word: challenger.prediction,
        "target": target,
        f"incumbent_{word}": incumbent.prediction,
    }
