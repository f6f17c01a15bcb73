"""When test rows follow each other: the resampling units of rows that nothing else holds together.

Rows near in time are alike, so that resampled one by one they would pretend to tell more than they
do.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.splitting.moments import read_moments
from experiment_cycle.splitting.options import TIMED

FEWEST_MOMENTS = 30
"""With fewer moments nothing tells how much alike neighbours are."""


def number_moments(
    rows: pd.DataFrame, columns: Columns, strategy: str
) -> npt.NDArray[np.int64] | None:
    """Number the moments of the rows in their order, shape (n,).

    Args:
        rows: Test rows.
        columns: The roles of the columns.
        strategy: By which the test rows were told from the others.

    Returns:
        None where the split is not one in time, or a group or a query holds rows together.
    """
    held = columns.group is not None or columns.query is not None
    if strategy not in TIMED or columns.time is None or held:
        return None
    values = read_moments(rows[columns.time]).values
    return np.unique(values, return_inverse=True)[1].astype(np.int64).reshape(-1)
