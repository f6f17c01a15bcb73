"""The keys of rows with the moment of each, so that a later split can tell what came before it."""

from __future__ import annotations

import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.errors import DataError
from experiment_cycle.row_keys import row_keys
from experiment_cycle.splitting.moments import read_moments

MOMENT = "moment"


def timed_keys(frame: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """Make the keys of each row (see `row_keys`), and `moment` beside them: a date or a number.

    `moment` lacks where no time column is declared, or one that does not tell when every row is
    predicted: only splits in time need it, and they refuse such a column.
    """
    keys = row_keys(frame, columns)
    if columns.time is None:
        return keys
    try:
        moments = read_moments(frame[columns.time])
    except DataError:
        return keys
    values = moments.values.view("datetime64[us]") if moments.dates else moments.values
    return keys.assign(**{MOMENT: values})
