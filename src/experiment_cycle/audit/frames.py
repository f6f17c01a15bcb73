"""Tables of several libraries as pandas frames, and back."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa

from experiment_cycle.snapshot import Snapshot


def as_frame(table: Any) -> pd.DataFrame | None:
    """Read a table into pandas; None if it is none, or can be read only once.

    Polars frames, eager or lazy, Arrow tables and snapshots are read; a lazy one is computed.
    """
    if isinstance(table, pd.DataFrame):
        return table
    if isinstance(table, pd.Series):
        return table.to_frame(str(table.name or "values"))
    if isinstance(table, Snapshot):
        return table.to_pandas()
    if isinstance(table, pa.Table):
        return pd.DataFrame(table.to_pandas())
    if type(table).__module__.split(".")[0] == "polars":
        eager = table.collect() if hasattr(table, "collect") else table
        return eager.to_pandas() if hasattr(eager, "to_pandas") else None
    return None


def as_type_of(table: Any, frame: pd.DataFrame) -> Any:
    """Give a frame the type of another table; a snapshot stays a frame."""
    if isinstance(table, pa.Table):
        return pa.Table.from_pandas(frame, preserve_index=False)
    if isinstance(table, pd.Series):
        return pd.Series(frame.iloc[:, 0], name=table.name)
    if type(table).__module__.split(".")[0] == "polars":
        import polars  # noqa: PLC0415

        eager = polars.from_pandas(frame)
        return eager.lazy() if isinstance(table, polars.LazyFrame) else eager
    return frame
