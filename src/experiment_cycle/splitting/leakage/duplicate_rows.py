"""LEAK002: rows a model cannot tell apart are on both sides of the split."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from experiment_cycle.splitting.leakage.context import TEST, TRAIN, VALIDATION, Audit
from experiment_cycle.splitting.leakage.findings import (
    About,
    Accusation,
    conclude,
    not_applicable,
)
from experiment_cycle.splitting.leakage.twins import Twins, combine, find_twins, not_by_chance
from experiment_cycle.splitting.records import Finding

ABOUT = About("LEAK002", "Identical rows across splits", "high")
FEWEST, FEWEST_WARNS = 8, 3
"""So many different combinations of values at least: a few that repeat may be defaults, such as the
same answer to every question of a survey."""
EXCESS = 0.05
"""By so much more test rows than train rows have to have a twin in train."""
SURE = 1e-6


class Chance(NamedTuple):
    """Test rows with a twin that chance does not explain.

    Attributes:
        alone: Test rows that have a twin in train or validation and no near neighbour.
        combinations: How many different ones they are.
        of_test: Share of test rows with a twin in train.
        of_train: Share of train rows with a twin in the rest of train.
        p_value: That of the difference of the two, one-sided.
    """

    alone: int
    combinations: int
    of_test: float
    of_train: float
    p_value: float


def check(audit: Audit) -> Finding:
    """Look for test rows whose features are those of a row the model was made with.

    Features only: a twin with another label is a twin all the same (type L1.4 of Kapoor and
    Narayanan, Patterns 4(9), 2023). Missing equals missing. In a table with few possible values
    chance makes twins; they are held against the split only if chance cannot have made them (see
    `twins`), or if test rows have many more of them than train rows have among each other.
    """
    if not audit.features:
        return not_applicable(ABOUT, "No column is a feature, so that rows cannot be compared.")
    twins = find_twins(audit.snapshot, audit.part, audit.features)
    test_rows = int((audit.part == TEST).sum())
    # features that are all constant make every row a twin of every other
    asked = (twins.test or twins.validation) and audit.table
    chance = _chance(audit) if asked else Chance(0, 0, 0.0, 0.0, 1.0)
    sampled = max(1, int((audit.parts == TEST).sum()))
    share, told = chance.alone / sampled, twins.test / max(1, test_rows)
    return conclude(
        audit,
        ABOUT,
        _accusations(audit, twins, chance, test_rows),
        _passed(twins, test_rows),
        "if such rows are the same person or thing, name the column that says so in "
        "'columns.group' and split by group; else keep one row of each, or set "
        "'splitting.max_duplicate_share' if they are meant.",
        features=len(audit.features),
        test_rows=test_rows,
        test_rows_with_twin=twins.test,
        share_of_test_rows=told,
        share_of_test_rows_not_by_chance=share,
        combinations_not_by_chance=chance.combinations,
        share_of_test_rows_with_twin_in_train=chance.of_test,
        share_of_train_rows_with_twin_in_train=chance.of_train,
        max_duplicate_share=audit.max_duplicate_share,
        validation_rows_with_twin_in_train=twins.validation,
        first_test_rows=twins.first,
    )


def _chance(audit: Audit) -> Chance:
    """Judge the twins against what chance makes of such a table."""
    alone, combination = not_by_chance(audit.table, audit.random("twins"))
    parts = audit.parts
    before = np.zeros(int(combination.max(initial=0)) + 1, dtype=bool)
    before[combination[(parts == TRAIN) | (parts == VALIDATION)]] = True
    held = alone & (parts == TEST) & before[combination]
    key = combine(audit.table)
    train, test = key[parts == TRAIN], key[parts == TEST]
    _, inverse, counts = np.unique(train, return_inverse=True, return_counts=True)
    of_train = float((counts[inverse.ravel()] > 1).mean()) if len(train) else 0.0
    of_test = float(np.isin(test, train).mean()) if len(test) else 0.0
    both = (of_train * len(train) + of_test * len(test)) / max(1, len(train) + len(test))
    spread = np.sqrt(both * (1 - both) * (1 / max(1, len(train)) + 1 / max(1, len(test))))
    p_value = float(norm.sf((of_test - of_train) / spread)) if spread > 0 else 1.0
    return Chance(int(held.sum()), len(np.unique(combination[held])), of_test, of_train, p_value)


def _accusations(audit: Audit, twins: Twins, chance: Chance, test_rows: int) -> list[Accusation]:
    allowed = audit.max_duplicate_share
    share = chance.alone / max(1, int((audit.parts == TEST).sum()))
    told = (
        f"{twins.test:,} of {test_rows:,} test rows ({twins.test / max(1, test_rows):.1%}) have "
        "exactly the features of a row in train or validation"
    )
    remembers = "so that a model that remembers scores like one that predicts."
    excess = chance.of_test - chance.of_train
    if share > allowed and chance.combinations >= FEWEST:
        message = (
            f"{told}; {share:.1%} are no work of chance (allowed {allowed:.1%}): so few "
            f"rows resemble them that are not identical, or they repeat so evenly, {remembers}"
        )
        return [Accusation((), "failed", message, share, allowed, twins.test)]
    if excess > max(EXCESS, allowed) and chance.p_value <= SURE:
        message = (
            f"{told}; {chance.of_test:.1%} have one in train, where only {chance.of_train:.1%} of "
            f"the train rows have one among the others, {remembers}"
        )
        return [Accusation((), "failed", message, excess, max(EXCESS, allowed), twins.test)]
    if chance.combinations >= FEWEST_WARNS:
        message = f"{told}, {chance.alone:,} of them no work of chance (allowed {allowed:.1%})."
        return [Accusation((), "warning", message, share, 0.0, twins.test)]
    return []


def _passed(twins: Twins, test_rows: int) -> str:
    if not twins.test:
        return (
            f"None of the {test_rows:,} test rows has the features of a row in train or validation."
        )
    return (
        f"{twins.test:,} of {test_rows:,} test rows ({twins.test / max(1, test_rows):.1%}) have "
        "the features of a row in train or validation, no more than chance and single copies make."
    )
