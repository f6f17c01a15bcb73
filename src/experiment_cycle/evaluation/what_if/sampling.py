"""A seeded sample of rows, in the order of the dataset."""

from __future__ import annotations

import numpy as np
import pandas as pd


def sample(rows: pd.DataFrame, most: int, seed: int, purpose: str) -> pd.DataFrame:
    """Draw rows without replacement; all of them where there are no more than `most`.

    Args:
        rows: Any table.
        most: How many rows at most.
        seed: Of the run.
        purpose: Keeps the draws of different uses apart.
    """
    if len(rows) <= most:
        return rows
    random = np.random.default_rng([seed, *purpose.encode()])
    return rows.iloc[np.sort(random.choice(len(rows), most, replace=False, shuffle=False))]
