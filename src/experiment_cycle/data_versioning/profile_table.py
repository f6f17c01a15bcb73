"""The profile as a table with one row a column of the data."""

from __future__ import annotations

from typing import Any

import pandas as pd

from experiment_cycle.data_versioning.records import ColumnProfile, DatasetProfile

QUANTILES = ("min", "25 %", "50 %", "75 %", "max")


def profile_table(profile: DatasetProfile) -> pd.DataFrame:
    """Lay the profile out as a table, in the order of the dataset's columns.

    Returns:
        Columns column, type, missing, missing_share, distinct, mean, standard_deviation, the
        quantiles, most_frequent (values with their counts, as text) and estimated (which of these
        are not exact). What a type does not have is missing.
    """
    rows = [_row(name, column, profile.rows) for name, column in profile.columns.items()]
    return pd.DataFrame(rows).convert_dtypes()


def _row(name: str, column: ColumnProfile, rows: int) -> dict[str, Any]:
    quantiles = column.quantiles or {}
    return {
        "column": name,
        "type": column.type,
        "missing": column.missing,
        "missing_share": column.missing / rows if rows else None,
        "distinct": column.distinct,
        "mean": column.mean,
        "standard_deviation": column.standard_deviation,
        **{key: quantiles.get(key) for key in QUANTILES},
        "most_frequent": ", ".join(f"{value} ({count})" for value, count in column.top),
        "estimated": ", ".join(column.estimated),
    }
