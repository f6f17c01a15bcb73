"""Rows with the same features in several parts: counted out of core, and whether chance makes them.

A twin is a row with the same values in all features. Independent rows of a table with few possible
values have twins; copies have them too. What tells them apart is the company: where chance made a
row twice, it made others that differ from it in a few columns only, while a copy stands alone; and
independent rows repeat once more often than twice, twice more often than three times, in a way that
the visits of persons do not.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from experiment_cycle.columns import ROW
from experiment_cycle.snapshot import Snapshot, quoted
from experiment_cycle.splitting.leakage.encoded import Codes, Column, Floats, Rows

SHOWN = 5
RARE = 0.005
"""Columns in which two rows agree with no more than this probability confirm or identify a row."""
CONFIRM = 0.3
DIVISIONS = 8
"""The columns are divided in two in so many ways."""
ATTEMPTS = 40
MOST_ALIKE = 50
"""A combination of values that more rows have is a level like others, not a copy."""

FEWEST_COMBINATIONS = 100
STANDS_OUT, SURE = 3.0, 4.5
"""By what factor, and how many standard errors, a number of repetitions must stand out."""

Hashes = npt.NDArray[np.uint64]


class Twins(NamedTuple):
    """Rows that have a twin where it does harm.

    Attributes:
        test: Rows of test with a twin in train or validation.
        validation: Rows of validation with a twin in train.
        first: The first test rows with a twin, each with the position of one twin.
    """

    test: int
    validation: int
    first: list[dict[str, int]]


def find_twins(snapshot: Snapshot, part: npt.NDArray[np.int8], features: list[str]) -> Twins:
    """Count the rows with a twin where it does harm; out of core.

    Rows are compared by a 64-bit hash of their features: among a million rows, two that differ have
    the same one with a probability of 3 in 10^8. Missing equals missing.

    Args:
        snapshot: The dataset.
        part: The part of each row, shape (n,): 0, 1, 2; others are left out.
        features: The columns to compare.
    """
    with snapshot.connect() as connection:
        connection.register("split", pa.table({"part": part, ROW: np.arange(len(part))}))
        connection.execute(
            f"CREATE TEMP TABLE hashed AS SELECT {ROW}, split.part, hash({_qualified(features)}) "
            f"AS hash FROM dataset JOIN split USING ({ROW}) WHERE split.part BETWEEN 0 AND 2"
        )
        connection.execute(
            f"CREATE TEMP TABLE twins AS SELECT {ROW}, part, hash FROM hashed WHERE part = 2 AND "
            "hash IN (SELECT hash FROM hashed WHERE part < 2)"
        )
        test = _one(connection, "SELECT count(*) FROM twins")
        validation = _one(
            connection,
            "SELECT count(*) FROM hashed WHERE part = 1 AND "
            "hash IN (SELECT hash FROM hashed WHERE part = 0)",
        )
        # the twin shown is the first in train, or else the first in validation
        first = connection.execute(
            f"WITH shown AS (SELECT {ROW}, hash FROM twins ORDER BY {ROW} LIMIT {SHOWN}) "
            f"SELECT shown.{ROW}, arg_min(hashed.{ROW}, hashed.part * {len(part)} + hashed.{ROW}) "
            f"FROM shown JOIN hashed ON shown.hash = hashed.hash WHERE hashed.part < 2 "
            f"GROUP BY shown.{ROW} ORDER BY shown.{ROW}"
        ).fetchall()
    return Twins(test, validation, [{"row": row, "twin": twin} for row, twin in first])


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(connection.execute(query).fetchall()[0][0])


def _qualified(features: list[str]) -> str:
    """Name the table too: a feature may be called as a column of ours."""
    return ", ".join(f"dataset.{quoted(name)}" for name in features)


def combine(columns: list[Column]) -> Hashes:
    """Hash the values of each row in some columns, shape (n,): equal rows get equal hashes.

    The hash of more columns is the sum of those of fewer, so that columns can be taken out.
    """
    total = np.zeros(len(columns[0].codes) if columns else 0, dtype=np.uint64)
    for column in columns:
        total += _mixed(column)
    return total


def _mixed(column: Column) -> Hashes:
    salt = hashlib.blake2b(column.name.encode(), digest_size=8).digest()
    mixed: Hashes = np.arange(column.levels, dtype=np.uint64) + np.frombuffer(salt, dtype=np.uint64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    finished: Hashes = (mixed ^ (mixed >> np.uint64(31)))[column.codes]
    return finished


def divisions(chances: Floats, rows: int, random: np.random.Generator) -> list[tuple[Rows, Rows]]:
    """Divide columns into those that identify a row and those that confirm it.

    Two independent rows agree in either set with a probability of at most `RARE`; or chance makes
    no twin by the identifying ones at all, and then any others confirm. Up to `DIVISIONS` ways;
    none if the columns have too few values.

    Args:
        chances: The probability that two rows agree in each column, shape (d,).
        rows: How many rows there are.
        random: The source of chance.
    """
    found: list[tuple[Rows, Rows]] = []
    for _ in range(ATTEMPTS if len(chances) > 1 else 0):
        order = random.permutation(len(chances))
        agree = np.cumprod(chances[order])
        many = min(int((agree > RARE).sum()) + 1, len(chances) - 1)
        of_identify = float(np.prod(chances[order[many:]]))
        strict = agree[many - 1] <= RARE and of_identify <= RARE
        if strict or (agree[many - 1] <= CONFIRM and rows * of_identify <= 1):
            found.append((order[many:], order[:many]))
        if len(found) == DIVISIONS:
            break
    return found


def not_by_chance(
    columns: list[Column], random: np.random.Generator, *, distinct: bool = False
) -> tuple[npt.NDArray[np.bool_], Rows]:
    """Find the rows whose twins chance does not explain, and number all combinations of values.

    All rows with a twin, if combinations repeat too evenly; else those that have no near neighbour:
    in none of the `divisions` does another row agree with them in the identifying columns and not
    in the confirming ones.

    Args:
        columns: The columns to compare.
        random: The source of chance.
        distinct: Whether the chance of a value is that among distinct combinations, not rows.

    Returns:
        Whether each row is one of them, shape (n,), and its combination, shape (n,).
    """
    whole = combine(columns)
    _, first, combination, alike = np.unique(
        whole, return_index=True, return_inverse=True, return_counts=True
    )
    combination = combination.ravel()
    own = alike[combination]
    alone = (own > 1) & (own <= MOST_ALIKE)
    if repeats_too_evenly(alike):
        return alone, combination
    chances = np.array(
        [_collision(column.codes[first]) if distinct else column.collision for column in columns]
    )
    ways = divisions(chances, len(first) if distinct else len(whole), random)
    if not ways:
        return np.zeros(len(whole), dtype=bool), combination
    for _, confirm in ways:
        if not alone.any():
            break
        key = whole - combine([columns[j] for j in confirm])
        _, inverse, counts = np.unique(key, return_inverse=True, return_counts=True)
        alone &= counts[inverse.ravel()] == own
    return alone, combination


def repeats_too_evenly(alike: Rows) -> bool:
    """Tell whether combinations of values repeat as no independent draws do.

    Whatever the distribution, the number f_k of combinations that occur k times in independent rows
    comes from a mixture of Poisson distributions, so that k! f_k is log-convex in k: no number of
    times stands out from the ones below and above (Good, Biometrika 40, 1953). Persons with three
    rows each, or copies made once, stand out.

    Args:
        alike: How often each combination occurs, shape (combinations,).
    """
    if len(alike) < FEWEST_COMBINATIONS:
        return False
    most = min(MOST_ALIKE, int(alike.max()))
    found = np.bincount(np.minimum(alike, most + 1), minlength=most + 2).astype(np.float64) + 1
    k = np.arange(2, most + 1)
    if not len(k):
        return False
    here, below, above = found[k], found[k - 1], found[k + 1]
    if most < alike.max():  # the last count is of all that are higher
        here, below, above, k = here[:-1], below[:-1], above[:-1], k[:-1]
    stands_out = np.log(here**2 * k / (below * above * (k + 1)))
    error = np.sqrt(4 / here + 1 / below + 1 / above)
    return bool(((stands_out > np.log(STANDS_OUT)) & (stands_out > SURE * error)).any())


def _collision(codes: Codes) -> float:
    counts = np.bincount(codes).astype(np.float64)
    return float((counts * (counts - 1)).sum() / max(1, len(codes) * (len(codes) - 1)))
