"""Exact quantiles of a column that need not fit into memory."""

from __future__ import annotations

import math
from collections.abc import Sequence

import duckdb

from experiment_cycle.columns import ROW

IN_MEMORY = 1_000_000
"""Up to so many values DuckDB's own quantiles, which hold all values in memory, are used."""
SAMPLED = 65_536
MARGIN = 0.01
"""Five standard deviations of the median's share in the sample."""

Bracket = tuple[float, float]


def quantiles(
    connection: duckdb.DuckDBPyConnection,
    number: str,
    count: int,
    bounds: Bracket,
    shares: Sequence[float],
) -> list[float]:
    """Give quantiles of the numbers in the view `dataset`, interpolated linearly as in pandas.

    Of many numbers, a sample tells between which two values a quantile lies with near certainty.
    One scan counts what lies below, and only the few values between are sorted. The counts tell if
    the sample misled; then all values are sorted. So the result is exact either way, and what
    does not fit in memory is spilled to the disk. (Floyd and Rivest, "Expected time bounds for
    selection", Communications of the ACM 18(3), 1975.)

    Args:
        connection: DuckDB with the view `dataset`; see `Snapshot.connect`.
        number: SQL for a DOUBLE, NULL where missing; no other is not finite.
        count: How many are not missing; at least one.
        bounds: The least and the greatest number.
        shares: From 0 to 1.
    """
    if count <= IN_MEMORY:
        row = connection.execute(
            f"SELECT quantile_cont({number}, {list(shares)}) FROM dataset"
        ).fetchall()[0]
        return list(row[0])
    inner = [share for share in shares if 0.0 < share < 1.0]
    brackets = _brackets(connection, number, count, bounds, inner)
    scan = ", ".join(
        f"count(*) FILTER ({number} < {literal(low)}), "
        f"count(*) FILTER ({number} <= {literal(high)})"
        for low, high in brackets
    )
    counts = connection.execute(f"SELECT {scan} FROM dataset").fetchall()[0]
    found = dict(zip((0.0, 1.0), bounds, strict=True))
    for share, bracket, below, upto in zip(inner, brackets, counts[::2], counts[1::2], strict=True):
        position = share * (count - 1)
        if not below <= math.floor(position) <= math.ceil(position) < upto:
            bracket, below = bounds, 0  # noqa: PLW2901 the sample misled
        found[share] = _between(connection, number, bracket, position - below)
    return [found[share] for share in shares]


def sampled(rows: int) -> str:
    """Write the SQL condition that keeps about `SAMPLED` rows, always the same ones."""
    return f"hash({ROW}) % {max(1, rows // SAMPLED)} = 0"


def literal(number: float) -> str:
    """Write a number in SQL; in digits alone it would be a decimal number, which is rounded."""
    return f"'{number!r}'::DOUBLE"


def _brackets(
    connection: duckdb.DuckDBPyConnection,
    number: str,
    count: int,
    bounds: Bracket,
    shares: Sequence[float],
) -> list[Bracket]:
    around = [min(max(share + step, 0.0), 1.0) for share in shares for step in (-MARGIN, MARGIN)]
    found: list[float] | None = connection.execute(
        f"SELECT quantile_disc({number}, {around}) FROM dataset WHERE {sampled(count)}"
    ).fetchall()[0][0]
    if found is None:
        return [bounds] * len(shares)
    return list(zip(found[::2], found[1::2], strict=True))


def _between(
    connection: duckdb.DuckDBPyConnection, number: str, bracket: Bracket, position: float
) -> float:
    """Give the number at a position, counted from 0, among those in a bracket, in rising order."""
    low, high = bracket
    if low == high:
        return low
    first, last = math.floor(position), math.ceil(position)
    values = connection.execute(
        f"SELECT {number} FROM dataset WHERE {number} BETWEEN {literal(low)} AND {literal(high)} "
        f"ORDER BY 1 LIMIT {last - first + 1} OFFSET {first}"
    ).fetchall()
    return float(values[0][0] + (values[-1][0] - values[0][0]) * (position - first))
