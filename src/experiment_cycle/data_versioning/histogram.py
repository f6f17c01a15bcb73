"""How the numbers or times of a column are spread: counts in bins of equal width."""

from __future__ import annotations

import math

import duckdb

from experiment_cycle.data_versioning.quantiles import literal

BINS = 20

Histogram = tuple[tuple[float, ...], tuple[int, ...]]


def histogram(
    connection: duckdb.DuckDBPyConnection, number: str, bounds: tuple[float, float]
) -> Histogram:
    """Count the numbers in the view `dataset` that lie in each of some bins of equal width.

    A bin holds its upper edge, the first one its lower edge as well.

    Args:
        connection: DuckDB with the view `dataset`.
        number: SQL for a DOUBLE, NULL where missing; no other is not finite.
        bounds: The least and the greatest number.

    Returns:
        The edges in rising order, and the counts, one fewer; both empty where the numbers lie too
        far apart for a width.
    """
    low, high = bounds
    width = (high - low) / BINS
    if not math.isfinite(width):
        return (), ()
    inner = [low + width * position for position in range(1, BINS)]
    # rounding may let edges coincide where the numbers are close
    upper = sorted({edge for edge in inner if low < edge < high} | {high})
    edges = ", ".join(map(literal, upper))
    found = connection.execute(f"SELECT histogram({number}, [{edges}]) FROM dataset").fetchall()
    counts = found[0][0]
    return (low, *upper), tuple(int(counts.get(edge, 0)) for edge in upper)


def time_edges(connection: duckdb.DuckDBPyConnection, edges: tuple[float, ...]) -> tuple[str, ...]:
    """Write microseconds since 1970 as ISO 8601, in UTC where the column has a time zone."""
    found = connection.execute(
        "SELECT list_transform(?::DOUBLE[], "
        "lambda edge: replace(make_timestamp(round(edge)::BIGINT)::VARCHAR, ' ', 'T'))",
        [list(edges)],
    ).fetchall()
    return tuple(found[0][0])
