"""What every column of the dataset holds, computed out of core."""

from __future__ import annotations

import math
from typing import Any

import duckdb

from experiment_cycle.columns import Columns
from experiment_cycle.data_versioning.content_hash import content_hash
from experiment_cycle.data_versioning.records import ColumnProfile, DatasetProfile
from experiment_cycle.snapshot import Snapshot, quoted

QUANTILES = {"min": 0.0, "25 %": 0.25, "50 %": 0.5, "75 %": 0.75, "max": 1.0}
NUMBERS = frozenset(
    f"{sign}{name}"
    for sign in ("", "U")
    for name in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
) | {"FLOAT", "DOUBLE"}


def profile(snapshot: Snapshot, columns: Columns, top_values: int) -> DatasetProfile:
    """Describe every column of a snapshot, and hash its content.

    Counts are exact. Mean, standard deviation (of a sample) and quantiles (interpolated linearly)
    are given for numbers, unless one is infinite.

    Args:
        snapshot: The dataset.
        columns: The roles of the columns.
        top_values: How many of the most frequent values to keep for each column; of equally
            frequent ones those that sort first as text.
    """
    hashed = content_hash(snapshot)
    # one thread: the sums of several would differ in the last digit from run to run
    with snapshot.connect(threads=1) as connection:
        described = {
            name: _describe(connection, name, kind, top_values)
            for name, kind in snapshot.types.items()
        }
        levels = _frequencies(connection, quoted(columns.target))
    return DatasetProfile(
        content_hash=hashed, rows=hashed.rows, columns=described, target=dict(levels)
    )


def _describe(
    connection: duckdb.DuckDBPyConnection, name: str, kind: str, top_values: int
) -> ColumnProfile:
    value = quoted(name)
    missing, distinct = _one(
        connection,
        f"SELECT coalesce(sum(n) FILTER (value IS NULL), 0), "
        f"count(*) FILTER (value IS NOT NULL) FROM "
        f"(SELECT {value} AS value, count(*) AS n FROM dataset GROUP BY ALL)",
    )
    return ColumnProfile(
        type=kind.strip('"'),
        missing=missing,
        distinct=distinct,
        top=tuple(_frequencies(connection, value, top_values)),
        **(_numbers(connection, value) if kind in NUMBERS or kind.startswith("DECIMAL") else {}),
    )


def _numbers(connection: duckdb.DuckDBPyConnection, value: str) -> dict[str, Any]:
    number = f"CAST({value} AS DOUBLE)"
    shares = ", ".join(f"{share}" for share in QUANTILES.values())
    mean, deviation, quantiles = _one(
        connection,
        f"SELECT avg({number}), stddev_samp({number}), quantile_cont({number}, [{shares}]) "
        "FROM dataset",
    )
    if quantiles is None or not all(map(math.isfinite, quantiles)):
        return {}
    return {
        "mean": _finite(mean),
        "standard_deviation": _finite(deviation),
        "quantiles": dict(zip(QUANTILES, quantiles, strict=True)),
    }


def _finite(number: float | None) -> float | None:
    """Leave out what JSON cannot hold: sums of very large numbers may overflow."""
    return number if number is not None and math.isfinite(number) else None


def _frequencies(
    connection: duckdb.DuckDBPyConnection, value: str, top: int | None = None
) -> list[tuple[str, int]]:
    limit = "" if top is None else f"LIMIT {top}"
    found: list[tuple[str, int]] = connection.execute(
        # by position: a column may have the name of an alias
        f"SELECT CAST({value} AS VARCHAR), count(*) FROM dataset "
        f"WHERE {value} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 {limit}"
    ).fetchall()
    return found


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    rows = connection.execute(query).fetchall()
    return tuple(rows[0])
