"""Checks of new rows against those that the model learned from, before the first is scored."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.errors import DataError, near_misses
from experiment_cycle.prediction.options import PredictionOptions
from experiment_cycle.prediction.ranges import compare_ranges
from experiment_cycle.prediction.records import RowChecks, Unseen
from experiment_cycle.snapshot import RESERVED, Snapshot, quoted
from experiment_cycle.training.known_features import KnownFeature, KnownFeatures, kind_of

MEMORY_MB = 512
SHOWN = 5
NO_PROFILE = (
    "Types, levels and ranges were not checked: the record of the run that trained this model has "
    "no training/known_features.json that can be read."
)


def check_rows(
    rows: Path,
    named: str,
    features: Sequence[str],
    known: KnownFeatures | None,
    columns: Columns,
    options: PredictionOptions,
    *,
    ranking: bool,
) -> RowChecks:
    """Compare new rows with those that the model learned from, out of core.

    One pass over all numbers and dates, and one over each column of text and the identifier.

    Args:
        rows: A Parquet file.
        named: What the user calls it, for messages.
        features: The columns that the model takes.
        known: What they looked like in training; None: nothing is known of it.
        columns: The roles of the columns.
        options: What is refused.
        ranking: Whether rows are ranked within queries.

    Raises:
        DataError: a column is missing or of another type, a number cannot be read by a model, an
            identifier names two rows or none, a row has no query, or a level is unseen where that
            is to be refused.
    """
    schema = pq.read_schema(rows)
    _check_columns(schema.names, named, features, columns, ranking=ranking)
    parts = [] if known is None else [part for part in known.columns if part.name in features]
    for part in parts:
        _check_type(part, schema.field(part.name).type, named)
    snapshot = Snapshot(rows)
    with snapshot.connect(memory_mb=MEMORY_MB) as connection:
        if ranking and columns.query is not None:
            _check_present(connection, columns.query, named, "each row's query")
        if columns.identifier in schema.names:
            _check_present(connection, str(columns.identifier), named, "each row")
            _check_unique(connection, str(columns.identifier), named)
        missing, outside = compare_ranges(connection, parts, named)
        unseen = {
            part.name: found
            for part in parts
            if part.levels is not None and (found := _unseen(connection, part)) is not None
        }
    _refuse_unseen(unseen, named, parts, options)
    return RowChecks(
        rows=snapshot.rows,
        extra_columns=_extra(schema.names, features, columns),
        missing_values=missing,
        out_of_range=outside,
        unseen_levels=unseen,
        not_checked=(NO_PROFILE,) if known is None else (),
    )


def _extra(names: list[str], features: Sequence[str], columns: Columns) -> tuple[str, ...]:
    roles = {*features, *columns.declared()}
    return tuple(name for name in names if name not in roles)


def _check_columns(
    names: list[str], named: str, features: Sequence[str], columns: Columns, *, ranking: bool
) -> None:
    twice = [name for name in names if names.count(name) > 1 or name.lower() in RESERVED]
    if twice:
        raise DataError(
            f"{named} has the column '{twice[0]}' twice, or it is a name used here for numbering "
            "rows. Next step: rename it."
        )
    needed = [*features, *([columns.query] if ranking and columns.query else [])]
    gone = [name for name in needed if name not in names]
    if gone:
        others = f" (and {len(gone) - 1} more: {', '.join(gone[1:])})" if len(gone) > 1 else ""
        raise DataError(
            f"{named} has no column '{gone[0]}'{others}, which the model needs. "
            f"{near_misses(gone[0], names)} Next step: add the column, or rename the one that "
            "holds it."
        )


def _check_type(part: KnownFeature, found: pa.DataType, named: str) -> None:
    kind = kind_of(found)
    if kind in {part.kind, "empty"} or part.kind in {"empty", "other"}:
        return
    if {kind, part.kind} == {"number", "truth"} and part.levels is None:
        return
    raise DataError(
        f"Column '{part.name}' of {named} holds {found} ({kind}), but the model learned from "
        f"{part.dtype} ({part.kind}). Next step: convert the column as in the training data."
    )


def _check_present(
    connection: duckdb.DuckDBPyConnection, name: str, named: str, names: str
) -> None:
    count, first = _one(
        connection,
        f"SELECT count(*), min({ROW}) FROM dataset WHERE {quoted(name)} IS NULL",
    )
    if count:
        raise DataError(
            f"Column '{name}' of {named} names {names}, but is missing in {count} rows, first in "
            f"row {first} (counted from 0). Next step: fill it in."
        )


def _check_unique(connection: duckdb.DuckDBPyConnection, name: str, named: str) -> None:
    column = quoted(name)
    twice = connection.execute(
        f"SELECT {column}, count(*), min({ROW}), max({ROW}) FROM dataset GROUP BY {column} "
        "HAVING count(*) > 1 ORDER BY 3 LIMIT 1"
    ).fetchone()
    if twice is not None:
        raise DataError(
            f"Column '{name}' of {named} names each row, but {twice[0]!r} stands in {twice[1]} "
            f"rows, the first and the last of which are rows {twice[2]} and {twice[3]} (counted "
            "from 0). Next step: keep one row for each identifier."
        )


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    return connection.execute(query).fetchone() or ()


def _unseen(connection: duckdb.DuckDBPyConnection, part: KnownFeature) -> Unseen | None:
    column = f"CAST({quoted(part.name)} AS VARCHAR)"
    found = connection.execute(
        f"SELECT level, rows, sum(rows) OVER (), count(*) OVER () FROM (SELECT {column} AS level, "
        f"count(*) AS rows FROM dataset WHERE {quoted(part.name)} IS NOT NULL "
        f"AND {column} NOT IN (SELECT unnest(?::VARCHAR[])) GROUP BY 1) "
        f"ORDER BY rows DESC, level LIMIT {SHOWN}",
        [list(part.levels or ())],
    ).fetchall()
    if not found:
        return None
    frequent = {str(level): int(rows) for level, rows, _, _ in found}
    return Unseen(rows=int(found[0][2]), levels=int(found[0][3]), frequent=frequent)


def _refuse_unseen(
    unseen: dict[str, Unseen],
    named: str,
    parts: Sequence[KnownFeature],
    options: PredictionOptions,
) -> None:
    if options.unseen_levels == "warn" or not unseen:
        return
    name, found = next(iter(unseen.items()))
    known = next(part.levels or () for part in parts if part.name == name)
    level, rows = next(iter(found.frequent.items()))
    raise DataError(
        f"Column '{name}' of {named} has the level '{level}' in {rows} rows, which no training row "
        f"has ({found.levels} such levels in {found.rows} rows). {near_misses(level, known)} Next "
        "step: mend the level, or set prediction.unseen_levels to warn."
    )
