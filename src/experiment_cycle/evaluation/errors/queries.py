"""Whether a part of the rows cuts queries apart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.evaluation.predictions import Predictions

APART = "its values differ within queries"


def cuts_queries(codes: npt.NDArray[np.int64], predictions: Predictions) -> bool:
    """Tell whether some query has rows of several levels, so that its order cannot be judged.

    Args:
        codes: The level of each row, shape (n,).
        predictions: Of the same rows; False for every problem but ranking.
    """
    if predictions.problem.type != "ranking":
        return False
    by_query = pd.Series(codes).groupby(predictions.table["query"].to_numpy())
    return bool((by_query.transform("first").to_numpy() != codes).any())
