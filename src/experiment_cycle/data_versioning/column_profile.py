"""What one column of a snapshot holds."""

from __future__ import annotations

import math
from typing import Any

import duckdb

from experiment_cycle.data_versioning.histogram import histogram, time_edges
from experiment_cycle.data_versioning.quantiles import quantiles, sampled
from experiment_cycle.data_versioning.records import ColumnProfile
from experiment_cycle.snapshot import quoted

EXACT_DISTINCT = 1_000_000
"""So many different values are counted one by one; of more the number is an estimate."""
CANDIDATES = 1_000
QUANTILES = {"min": 0.0, "25 %": 0.25, "50 %": 0.5, "75 %": 0.75, "max": 1.0}
NUMBERS = frozenset(
    f"{sign}{name}"
    for sign in ("", "U")
    for name in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
) | {"FLOAT", "DOUBLE"}
TIMES = ("TIMESTAMP", "DATE")

Connection = duckdb.DuckDBPyConnection


def describe(
    connection: Connection, name: str, kind: str, rows: int, top_values: int
) -> ColumnProfile:
    """Describe a column, in memory that does not grow with its length.

    Counts, mean, standard deviation (of a sample), quantiles (interpolated linearly) and histogram
    are exact. Beyond `EXACT_DISTINCT` different values, their number is an estimate (HyperLogLog,
    off by a few percent), and the most frequent values are those of a sample of the rows, counted
    in all rows; those that occur once are left out.

    Args:
        connection: DuckDB of one thread with the view `dataset`: see `Snapshot.connect`.
        name: The column.
        kind: Its DuckDB type.
        rows: How many rows the snapshot has.
        top_values: How many of the most frequent values to keep; of equally frequent ones those
            that sort first as text.
    """
    value = quoted(name)
    present, about = _one(
        connection, f"SELECT count({value}), approx_count_distinct({value}) FROM dataset"
    )
    few = about <= EXACT_DISTINCT
    distinct, top = (
        _counted(connection, value, top_values)
        if few
        else (min(about, present), _likely(connection, value, rows, top_values))
    )
    return ColumnProfile(
        type=kind.strip('"'),
        missing=rows - present,
        distinct=distinct,
        top=top,
        estimated=() if few else ("distinct", "top"),
        **_spread(connection, value, kind, present),
    )


def _counted(
    connection: Connection, value: str, top_values: int
) -> tuple[int, tuple[tuple[str, int], ...]]:
    """Count each value that occurs, and give the most frequent ones."""
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE counted AS SELECT {value} AS value, count(*) AS n "
        f"FROM dataset WHERE {value} IS NOT NULL GROUP BY 1"
    )
    found = connection.execute(
        "SELECT CAST(value AS VARCHAR), sum(n)::BIGINT FROM counted "
        f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {top_values}"
    ).fetchall()
    return _one(connection, "SELECT count(*) FROM counted")[0], tuple(found)


def _likely(
    connection: Connection, value: str, rows: int, top_values: int
) -> tuple[tuple[str, int], ...]:
    """Find values that are frequent in a sample of the rows, and count them in all rows."""
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE candidates AS SELECT {value} AS value FROM dataset "
        f"WHERE {value} IS NOT NULL AND {sampled(rows)} "
        f"GROUP BY 1 ORDER BY count(*) DESC, CAST({value} AS VARCHAR) LIMIT {CANDIDATES}"
    )
    found = connection.execute(
        f"SELECT CAST({value} AS VARCHAR), count(*) FROM dataset "
        f"WHERE {value} IN (SELECT value FROM candidates) GROUP BY 1 HAVING count(*) > 1 "
        f"ORDER BY 2 DESC, 1 LIMIT {top_values}"
    ).fetchall()
    return tuple(found)


def _spread(connection: Connection, value: str, kind: str, present: int) -> dict[str, Any]:
    """Describe numbers, unless one is infinite, and times."""
    if not present:
        return {}
    if kind.startswith(TIMES):
        number = f"epoch_us(CAST({value} AS TIMESTAMPTZ))::DOUBLE"
        edges, counts = histogram(connection, number, _bounds(connection, number))
        return {"bin_edges": time_edges(connection, edges), "bin_counts": counts}
    if kind not in NUMBERS and not kind.startswith("DECIMAL"):
        return {}
    number = f"CAST({value} AS DOUBLE)"
    bounds = _bounds(connection, number)
    if not all(map(math.isfinite, bounds)):
        return {}
    mean, deviation = _moments(connection, number)
    edges, counts = histogram(connection, number, bounds)
    found = quantiles(connection, number, present, bounds, list(QUANTILES.values()))
    return {
        "mean": mean,
        "standard_deviation": deviation,
        "quantiles": dict(zip(QUANTILES, found, strict=True)),
        "bin_edges": edges,
        "bin_counts": counts,
    }


def _bounds(connection: Connection, number: str) -> tuple[float, float]:
    low, high = _one(connection, f"SELECT min({number}), max({number}) FROM dataset")
    return low, high


def _moments(connection: Connection, number: str) -> tuple[float | None, float | None]:
    """Give mean and standard deviation; None where sums of very large numbers overflow."""
    mean, deviation = _one(connection, f"SELECT avg({number}), stddev_samp({number}) FROM dataset")
    return _finite(mean), _finite(deviation)


def _finite(number: float | None) -> float | None:
    """Leave out what JSON cannot hold."""
    return number if number is not None and math.isfinite(number) else None


def _one(connection: Connection, query: str) -> tuple[Any, ...]:
    rows = connection.execute(query).fetchall()
    return tuple(rows[0])
