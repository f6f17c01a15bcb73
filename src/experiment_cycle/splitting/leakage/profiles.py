"""Sets of columns that stay constant within something nobody declared: covariate profiles."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from experiment_cycle.splitting.leakage.context import TEST, TRAIN, VALIDATION, Audit
from experiment_cycle.splitting.leakage.encoded import Column, Rows
from experiment_cycle.splitting.leakage.key_columns import SAME
from experiment_cycle.splitting.leakage.twins import combine, not_by_chance

TRIES = 24
PAIRS = 2_000
APART = 1.2
PAIR = 2
BY_CHANCE = 0.1
"""Rows that agree with a row by chance in the columns the search begins with."""
CONSTANT = 0.9
"""Share of pairs that agree in a column which stays constant."""
FEWEST = 30
"""Combinations at least."""
MOST_COLUMNS = 100


class Profile(NamedTuple):
    """A set of columns whose combinations are those of things, not of chance.

    Attributes:
        columns: At least two.
        combinations: How many of them have several rows and no near neighbour.
        divided: Share of the test rows that have one of them which train or validation has too.
    """

    columns: tuple[str, ...]
    combinations: int
    divided: float


def find_profile(audit: Audit) -> Profile | None:
    """Find the set of columns that makes most test rows known; None if there is none.

    Rows that agree in a few columns drawn by chance are looked at: columns in which nearly all such
    pairs agree as well may belong to the set. Whether they do is told as for identical rows: a
    combination that no other resembles is no work of chance (see `twins`).
    """
    usable = [
        column
        for column in audit.table
        if column.levels <= len(column.codes) / APART and column.collision < SAME
    ][:MOST_COLUMNS]
    if len(usable) < PAIR:
        return None
    random = audit.random("profiles")
    best: Profile | None = None
    tried: set[tuple[int, ...]] = set()
    for attempt in range(TRIES):
        chosen = _grown(usable, random, start=attempt)
        if len(chosen) < PAIR or tuple(chosen) in tried:
            continue
        tried.add(tuple(chosen))
        found = _judge(audit, [usable[j] for j in chosen])
        if found is not None and (best is None or _rank(found) > _rank(best)):
            best = found
    return best


def _rank(profile: Profile) -> tuple[float, int]:
    return round(profile.divided, 2), len(profile.columns)


def _grown(usable: list[Column], random: np.random.Generator, start: int) -> list[int]:
    """Begin with columns that hardly two rows share by chance, and add those that agree as well."""
    order = random.permutation(len(usable))
    if start < len(usable):
        order = np.r_[start, order[order != start]]
    rows = len(usable[0].codes)
    chance, seed = 1.0, []
    for j in order:
        seed.append(int(j))
        chance *= max(usable[j].collision, 1 / rows)
        if rows * chance <= BY_CHANCE:
            break
    one, other = _pairs([usable[j] for j in seed], random)
    if len(one) < FEWEST:
        return []
    also = [
        j
        for j, column in enumerate(usable)
        if j not in seed and float((column.codes[one] == column.codes[other]).mean()) >= CONSTANT
    ]
    return sorted([*seed, *also]) if also or len(seed) == len(usable) else []


def _pairs(columns: list[Column], random: np.random.Generator) -> tuple[Rows, Rows]:
    """Pair rows that agree in some columns, one pair for each combination of values."""
    key = combine(columns)
    shuffled = random.permutation(len(key))
    order = shuffled[np.argsort(key[shuffled], kind="stable")]
    ordered = key[order]
    start = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    several = start[np.diff(np.r_[start, len(order)]) > 1]
    several = random.permutation(several)[:PAIRS]
    return order[several], order[several + 1]


def _judge(audit: Audit, columns: list[Column]) -> Profile | None:
    """Look at the distinct combinations, so that large things do not make a value look frequent."""
    alone, combination = not_by_chance(columns, audit.random("alone"), distinct=True)
    parts = audit.parts
    many = int(combination.max(initial=0)) + 1
    seen = np.zeros(many, dtype=bool)
    seen[combination[(parts == TRAIN) | (parts == VALIDATION)]] = True
    tests = parts == TEST
    held = alone & seen[combination]
    combinations = len(pd.unique(combination[alone]))
    if combinations < FEWEST or not tests.any():
        return None
    names = tuple(column.name for column in columns)
    return Profile(names, combinations, float(held[tests].mean()))
