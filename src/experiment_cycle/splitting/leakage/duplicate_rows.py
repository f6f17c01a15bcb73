"""LEAK002: rows a model cannot tell apart are on both sides of the split."""

from __future__ import annotations

from typing import Literal, NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.snapshot import Snapshot, quoted
from experiment_cycle.splitting.manifest import part_codes
from experiment_cycle.splitting.records import Finding
from experiment_cycle.splitting.strategies import PARTS

CODE = "LEAK002"
TITLE = "Identical rows across splits"
SHOWN = 5


class Twins(NamedTuple):
    """Rows that have a twin, a row with the same features, where it does harm.

    Attributes:
        test: Rows of test with a twin in train or validation.
        validation: Rows of validation with a twin in train.
        first: The first test rows with a twin, each with the position of one twin.
    """

    test: int
    validation: int
    first: list[dict[str, int]]


def check(
    snapshot: Snapshot, assignment: pd.DataFrame, columns: Columns, max_duplicate_share: float
) -> Finding:
    """Look for test rows whose features are those of a row the model was made with.

    Features only: a twin with another label is a twin all the same (type L1.4 of Kapoor and
    Narayanan, Patterns 4(9), 2023). Missing equals missing.

    Args:
        snapshot: The dataset.
        assignment: The part of each row, as `assign` returns it.
        columns: The roles of the columns.
        max_duplicate_share: The share of test rows that may have a twin.
    """
    features = columns.features(snapshot.types)
    if not features:
        return Finding(
            code=CODE,
            title=TITLE,
            severity="high",
            status="not_applicable",
            message="No column is a feature, so that rows cannot be compared.",
            evidence={},
        )
    part = part_codes(assignment)
    twins = find_twins(snapshot, part, features)
    test_rows = int((part == PARTS.index("test")).sum())
    share = twins.test / max(1, test_rows)
    status: Literal["passed", "failed", "warning"] = "passed"
    if twins.test or twins.validation:
        status = "failed" if share > max_duplicate_share else "warning"
    return Finding(
        code=CODE,
        title=TITLE,
        severity="high",
        status=status,
        message=_message(twins, test_rows, max_duplicate_share, status),
        evidence={
            "features": len(features),
            "test_rows": test_rows,
            "test_rows_with_twin": twins.test,
            "share_of_test_rows": share,
            "max_duplicate_share": max_duplicate_share,
            "validation_rows_with_twin_in_train": twins.validation,
            "first_test_rows": twins.first,
        },
    )


def find_twins(snapshot: Snapshot, part: npt.NDArray[np.int8], features: list[str]) -> Twins:
    """Count the rows with a twin where it does harm; out of core.

    Rows are compared by a hash of their features first. Those whose hash occurs in several parts
    are then compared value by value, so that two rows that only share a hash are no twins.

    Args:
        snapshot: The dataset.
        part: The part of each row, shape (n,); see `part_codes`.
        features: The columns to compare.
    """
    keys = _qualified(features)
    with snapshot.connect() as connection:
        connection.register("split", pa.table({"part": part, ROW: np.arange(len(part))}))
        connection.execute(
            f"CREATE TEMP TABLE hashed AS SELECT {ROW}, split.part, {_row_hash(features)} AS hash "
            f"FROM dataset JOIN split USING ({ROW})"
        )
        connection.execute(
            f"CREATE TEMP TABLE suspect AS SELECT {ROW}, part FROM hashed WHERE hash IN "
            "(SELECT hash FROM hashed GROUP BY hash HAVING min(part) < max(part))"
        )
        # the earliest part a value occurs in: a row in a later part has a twin there
        connection.execute(
            f"CREATE TEMP TABLE twins AS SELECT {ROW}, suspect.part, "
            "min(suspect.part) OVER same AS earliest, "
            f"arg_min({ROW}, suspect.part * {len(part)} + {ROW}) OVER same AS twin "
            f"FROM dataset JOIN suspect USING ({ROW}) WINDOW same AS (PARTITION BY {keys})"
        )
        return _count(connection)


def _count(connection: duckdb.DuckDBPyConnection) -> Twins:
    test, validation = PARTS.index("test"), PARTS.index("validation")
    counted = connection.execute(
        f"SELECT count(*) FILTER (part = {test}), count(*) FILTER (part = {validation}) "
        "FROM twins WHERE earliest < part"
    ).fetchall()[0]
    first = connection.execute(
        f"SELECT {ROW}, twin FROM twins WHERE part = {test} AND earliest < part "
        f"ORDER BY {ROW} LIMIT {SHOWN}"
    ).fetchall()
    return Twins(
        test=int(counted[0]),
        validation=int(counted[1]),
        first=[{"row": row, "twin": twin} for row, twin in first],
    )


def _row_hash(features: list[str]) -> str:
    """Write the SQL that hashes the features of a row; missing values count as well."""
    return f"hash({_qualified(features)})"


def _qualified(features: list[str]) -> str:
    """Name the table too: a feature may be called as a column of ours."""
    return ", ".join(f"dataset.{quoted(name)}" for name in features)


def _message(twins: Twins, test_rows: int, allowed: float, status: str) -> str:
    if status == "passed":
        return (
            f"None of the {test_rows:,} test rows has the features of a row in train or validation."
        )
    share = twins.test / max(1, test_rows)
    told = (
        f"{twins.test:,} of {test_rows:,} test rows ({share:.1%}, allowed {allowed:.1%}) have "
        "exactly the features of a row in train or validation"
    )
    if status == "failed":
        return (
            f"{told}, so that a model that remembers scores like one that predicts. Remedy: if "
            "such rows are the same person or thing, name the column that says so in "
            "'columns.group' and split by group; if they are different ones with few possible "
            "values, raise 'splitting.max_duplicate_share'."
        )
    return f"{told}; {twins.validation:,} validation rows have those of a row in train."
