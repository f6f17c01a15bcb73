"""The rows the challenger is most wrong about."""

from __future__ import annotations

import pandas as pd

from experiment_cycle.columns import ROW
from experiment_cycle.evaluation.predictions import rows_behind
from experiment_cycle.metrics.ratios import log_losses


def worst_rows(test: pd.DataFrame, test_predictions: pd.DataFrame, n: int) -> pd.DataFrame:
    """Take the rows with the greatest log loss of the challenger, the worst first.

    Args:
        test: The test rows, indexed by `__row__`.
        test_predictions: As `predict_both` makes it.
        n: How many rows at most.

    Returns:
        Columns `__row__`, `loss` (in nats), `probability` (of the positive class, by the
        challenger), `target` (1 is positive), `incumbent_probability`, then the row's own columns.
        One of those that has the name of an earlier column is written `<name> (data)`. Rows of
        equal loss are in the order of the dataset.
    """
    found = pd.DataFrame(
        {
            ROW: test_predictions.index,
            "loss": log_losses(test_predictions["target"], test_predictions["challenger"]),
            "probability": test_predictions["challenger"].to_numpy(),
            "target": test_predictions["target"].to_numpy(),
            "incumbent_probability": test_predictions["incumbent"].to_numpy(),
        }
    )
    worst = found.sort_values(["loss", ROW], ascending=[False, True]).head(n)
    own = rows_behind(test, test_predictions).iloc[worst.index]
    own = own.rename(columns={name: f"{name} (data)" for name in found.columns})
    return pd.concat([worst.reset_index(drop=True), own.reset_index(drop=True)], axis=1)
