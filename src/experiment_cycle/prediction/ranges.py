"""Numbers and dates of new rows against the ranges that the training rows held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb

from experiment_cycle.columns import ROW
from experiment_cycle.errors import DataError
from experiment_cycle.prediction.records import OutOfRange
from experiment_cycle.snapshot import quoted
from experiment_cycle.training.features import GREATEST
from experiment_cycle.training.known_features import KnownFeature

AT_ONCE = 100
"""Columns in one query: of thousands, planning would take longer than reading."""
EACH = 7


def compare_ranges(
    connection: duckdb.DuckDBPyConnection, parts: Sequence[KnownFeature], named: str
) -> tuple[dict[str, int], dict[str, OutOfRange]]:
    """Count missing values that are new, and values outside of the training rows' range.

    Args:
        connection: With the view `dataset`.
        parts: The columns as they were in training.
        named: What the user calls the file, for messages.

    Returns:
        Missing values of columns that had none, and what is out of range, by column.

    Raises:
        DataError: a number is infinite, or greater than a model reads.
    """
    missing: dict[str, int] = {}
    outside: dict[str, OutOfRange] = {}
    for start in range(0, len(parts), AT_ONCE):
        some = parts[start : start + AT_ONCE]
        asked = ", ".join(_aggregates(part) for part in some)
        row = connection.execute(f"SELECT {asked} FROM dataset").fetchone() or ()
        for place, part in enumerate(some):
            found = row[place * EACH : (place + 1) * EACH]
            gaps, great, first, infinite, rows, lowest, highest = found
            if great:
                _refuse(part.name, named, great, first, infinite)
            if gaps and not part.missing:
                missing[part.name] = int(gaps)
            low, high = _limits(part)
            if rows and low is not None and high is not None:
                outside[part.name] = OutOfRange(
                    rows=rows, lowest=lowest, highest=highest, low=low, high=high
                )
    return missing, outside


def _limits(part: KnownFeature) -> tuple[Any, Any]:
    return (part.first, part.last) if part.kind == "date" else (part.low, part.high)


def _aggregates(part: KnownFeature) -> str:
    """Write what is asked of one column: always as many numbers, so that they can be told apart."""
    raw = quoted(part.name)
    if part.kind == "number":
        number = f"CAST({raw} AS DOUBLE)"
        # what is no number is a gap to a model, but the greatest of all to DuckDB
        value = f"(CASE WHEN isnan({number}) THEN NULL ELSE {number} END)"
        great = f"abs({value}) > {GREATEST!r}"
        out = f"({value} < {part.low!r} OR {value} > {part.high!r})"
        return (
            f"count(*) - count({value}), count(*) FILTER ({great}), min({ROW}) FILTER ({great}), "
            f"any_value({value}) FILTER ({great}), count(*) FILTER ({out}), "
            f"min({value}) FILTER ({out}), max({value}) FILTER ({out})"
        )
    gaps = f"count(*) - count({raw}), 0, NULL, NULL"
    if part.kind == "date":
        kind = "TIMESTAMP" if part.zone is None else "TIMESTAMPTZ"
        value = f"CAST({raw} AS {kind})"
        out = f"({value} < '{part.first}'::{kind} OR {value} > '{part.last}'::{kind})"
        return (
            f"{gaps}, count(*) FILTER ({out}), CAST(min({value}) FILTER ({out}) AS VARCHAR), "
            f"CAST(max({value}) FILTER ({out}) AS VARCHAR)"
        )
    return f"{gaps}, 0, NULL, NULL"


def _refuse(name: str, named: str, count: int, first: int, value: float) -> None:
    raise DataError(
        f"Column '{name}' of {named} is infinite or beyond {GREATEST:.1e} in {count} rows, first "
        f"in row {first} (counted from 0), such as {value:g}. A model reads finite numbers and "
        "missing ones. Next step: replace them."
    )
