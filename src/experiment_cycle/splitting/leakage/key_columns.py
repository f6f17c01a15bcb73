"""Columns that name what rows belong to: rows with the same value are alike in the others."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from experiment_cycle.splitting.leakage.context import TEST, TRAIN, VALIDATION, Audit
from experiment_cycle.splitting.leakage.encoded import Column, Rows, read_column

PAIRS = 20_000
SAME = 0.9
"""Rows that are equal in a column with such a probability tell nothing by being so."""
FEWEST_KEYS, ROWS_EACH, MOST_EACH = 20, 1.5, 200.0
"""Values at least, and rows of each value on average, of a column that may name groups."""
ALIKE = 0.8
"""Two rows of a key are alike in a column if they differ by a fifth of what any two rows do."""
APART = 0.5
"""Rows of neighbouring values are less alike by so much: a number that describes is no key."""
NAMES = re.compile(
    r"(^|[_\s.#-])(id|ids|subject|patient|person|customer|client|user|member|household|family|"
    r"session|account|device|store|profile|participant|employee|student|player)([_\s.#-]|$)",
    re.IGNORECASE,
)


class Key(NamedTuple):
    """A column that may name what rows belong to.

    Attributes:
        name: The column.
        values: How many values it has.
        alike: The columns in which rows of one value are alike.
        others: How many columns were compared.
        target: How alike the targets of rows of one value are, 0 to 1.
        divided: Share of the test rows whose value occurs in train or validation.
    """

    name: str
    values: int
    alike: tuple[str, ...]
    others: int
    target: float
    divided: float


def find_keys(audit: Audit) -> list[Key]:
    """Look at each column with values that repeat, features or not."""
    roles = audit.columns
    known = {roles.target, roles.group, roles.query, roles.time}
    found = []
    for name, kind in audit.snapshot.types.items():
        if name in known or (kind in ("DOUBLE", "FLOAT") and not _whole(audit, name)):
            continue
        if kind.startswith(("STRUCT", "MAP", "BLOB")) or kind.endswith("[]"):
            continue
        codes, levels = _codes(audit, name)
        if levels >= FEWEST_KEYS and ROWS_EACH <= len(codes) / levels <= MOST_EACH:
            found.append(_measure(audit, name, codes, levels))
    return found


def _whole(audit: Audit, name: str) -> bool:
    return name in audit.features and audit.column(name).whole


def _codes(audit: Audit, name: str) -> tuple[Rows, int]:
    if name in audit.features:
        column = audit.column(name)
        return column.codes.astype(np.int64), column.levels
    codes, levels = pd.factorize(read_column(audit.snapshot, name, audit.rows), sort=False)
    missing = bool((codes < 0).any())
    return codes.astype(np.int64) + missing, len(levels) + missing


def _measure(audit: Audit, name: str, codes: Rows, levels: int) -> Key:
    random = audit.random("keys")
    shuffled = random.permutation(len(codes))
    order = shuffled[np.argsort(codes[shuffled], kind="stable")]
    same = codes[order[1:]] == codes[order[:-1]]
    pairs = order[:-1][same], order[1:][same]
    chosen = random.permutation(len(pairs[0]))[:PAIRS]
    one, other = pairs[0][chosen], pairs[1][chosen]
    start = np.flatnonzero(np.r_[True, ~same])
    near_one, near_other = order[start[:-1]], order[start[1:]]
    compared = [column for column in audit.table if column.name != name and _tells(column)]
    alike = [
        column.name
        for column in compared
        for close in [similarity(column, one, other)]
        if close >= ALIKE and close - similarity(column, near_one, near_other) >= APART
    ]
    target = audit.column(audit.columns.target)
    close = similarity(target, one, other)
    apart = close - similarity(target, near_one, near_other) >= APART
    seen = np.zeros(levels, dtype=bool)
    seen[codes[(audit.parts == TRAIN) | (audit.parts == VALIDATION)]] = True
    tests = codes[audit.parts == TEST]
    return Key(
        name,
        levels,
        tuple(alike),
        len(compared),
        close if apart else 0.0,
        float(seen[tests].mean()) if len(tests) else 0.0,
    )


def _tells(column: Column) -> bool:
    """Tell whether rows differ in a column often enough for likeness to mean something."""
    return column.collision < SAME


def similarity(column: Column, one: Rows, other: Rows) -> float:
    """How alike pairs of rows are in a column: 0 as any two rows, 1 the same.

    Numbers by the distance of their ranks, levels by how often they are equal.
    """
    if not len(one):
        return 0.0
    if column.kind == "level":
        chance = column.collision
        equal = float((column.codes[one] == column.codes[other]).mean())
        return (equal - chance) / (1 - chance) if chance < 1 else 0.0
    ranks = column.ranks.astype(np.float64)
    apart = float(np.abs(ranks[one] - ranks[other]).mean())
    ordered = np.sort(ranks)
    count = len(ordered)
    weights = 2 * np.arange(1, count + 1) - count - 1
    usual = 2 * float((weights * ordered).sum()) / max(1, count * (count - 1))
    return 1 - apart / usual if usual > 0 else 0.0
