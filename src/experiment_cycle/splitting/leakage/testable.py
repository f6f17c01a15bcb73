"""The checks that are tests: their p-values belong together, by Holm's method over all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from experiment_cycle.errors import ConfigurationError, near_misses
from experiment_cycle.splitting.leakage.context import TEST, TRAIN, Audit
from experiment_cycle.splitting.leakage.encoded import Column, Floats, Rows, Target, encode
from experiment_cycle.splitting.leakage.options import Population
from experiment_cycle.splitting.leakage.strength import auc, boosted, straight
from experiment_cycle.splitting.leakage.two_samples import (
    LIMIT,
    Difference,
    against_shares,
    compare,
)

NAMED, FAILS = 0.05, 0.005
"""Family-wise levels: at most so many clean tables are warned of, and failed."""
ORDER, BIAS, POPULATION = "order", "bias", "population"
ALL = "all columns together"
HARD, CONFIDENT = "how hard rows are to predict", "how sure a model is of them"
MODELS = (ALL, HARD, CONFIDENT)
HEAVY = 5.0
"""Weight of each of these among the tests, for what moves many columns a little; others have 1."""
MODEL_FOLDS = 3
LEAST_MODELLED = 30
MODEL_ROWS = 4_000
STRETCHES = 20
FEWEST = 10


class Tested(NamedTuple):
    """One test.

    Attributes:
        family: The check it belongs to.
        column: The column tested.
        difference: Its own p-value, and the effect.
        adjusted: The p-value by Holm's method over all tests of the audit.
    """

    family: str
    column: str
    difference: Difference
    adjusted: float


def all_tests(audit: Audit) -> list[Tested]:
    """Run all tests, once an audit."""
    if "tested" not in audit.shared:
        found = [
            *((ORDER, *each) for each in _order(audit)),
            *((BIAS, *each) for each in _bias(audit)),
            *((POPULATION, *each) for each in _population(audit)),
        ]
        adjusted = weighted_holm(
            [difference.p_value for _, _, difference in found],
            [HEAVY if name in MODELS else 1.0 for _, name, _ in found],
        )
        audit.shared["tested"] = [
            Tested(*each, value) for each, value in zip(found, adjusted, strict=True)
        ]
    results: list[Tested] = audit.shared["tested"]
    return results


def weighted_holm(p_values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Adjust p-values by Holm's method with weights (Scandinavian Journal of Statistics 6, 1979).

    As `metrics.holm`, which it is for equal weights: at most alpha, over all tests together, reject
    falsely. A greater weight gives a test a greater part of alpha; weights are chosen beforehand.
    """
    adjusted = [1.0] * len(p_values)
    order = sorted(range(len(p_values)), key=lambda at: p_values[at] / weights[at])
    reached = 0.0
    for rank, place in enumerate(order):
        left = sum(weights[other] for other in order[rank:])
        reached = max(reached, min(1.0, p_values[place] * left / weights[place]))
        adjusted[place] = reached
    return adjusted


def _order(audit: Audit) -> list[tuple[str, Difference]]:
    """Test whether the position in the file tells the target, one row a unit.

    The effect is how far the mean target of stretches of the file varies: its share of the
    variance, freed of what chance makes.
    """
    rows = audit.one_a_unit
    if audit.columns.time is not None or len(rows) < 2 * STRETCHES:
        return []
    value = audit.target.values[rows]
    if audit.target.number:
        value = stats.rankdata(value)[:, None]
    stretch = np.arange(len(rows)) * STRETCHES // len(rows)
    size = np.bincount(stretch)
    between = within = 0.0
    for each in value.T:
        means = np.bincount(stretch, each) / size
        between += float((size * (means - each.mean()) ** 2).sum())
        within += float(((each - means[stretch]) ** 2).sum())
    if between + within == 0:
        return []
    free = STRETCHES - 1, len(rows) - STRETCHES
    statistic = (between / free[0]) / max(within / free[1], 1e-300)
    effect = max(0.0, (between - free[0] * within / free[1]) / (between + within))
    return [("__row__", Difference(float(stats.f.sf(statistic, *free)), effect))]


def _bias(audit: Audit) -> list[tuple[str, Difference]]:
    """Compare train with test, column by column and by a model, one row a unit."""
    rows = audit.one_a_unit
    train, test = (_limited(audit, rows[audit.parts[rows] == code]) for code in (TRAIN, TEST))
    if min(len(train), len(test)) < FEWEST:
        return []
    target = audit.column(audit.columns.target)
    columns = [target, *audit.table]
    found = [(column.name, compare(column, train, test)) for column in columns]
    kept = [(name, difference) for name, difference in found if difference is not None]
    together = _by_model(audit, columns, train, test)
    return [
        *kept,
        *([(ALL, together)] if together is not None else []),
        *_by_difficulty(audit, train, test),
    ]


def _by_difficulty(audit: Audit, train: Rows, test: Rows) -> list[tuple[str, Difference]]:
    """Compare how well a model predicts train rows and test rows, and how sure it is of them.

    The model is cross-fitted on the rows of both together, which are as hard as each other unless
    the one or the other were chosen.
    """
    random = audit.random("difficulty")
    fewer = [random.permutation(rows)[: MODEL_ROWS // 2] for rows in (train, test)]
    rows = np.sort(np.concatenate(fewer))
    if not audit.table or min(len(each) for each in fewer) < LEAST_MODELLED:
        return []
    tests = audit.parts[rows] == TEST
    folds = random.permutation(len(rows)) % MODEL_FOLDS
    line = straight(audit.table, audit.target, rows, folds)
    trees = boosted(audit.table, audit.target, rows, folds, audit.seed % 2**31)
    off = np.abs((line + trees) / 2 - audit.target.values[rows]).mean(axis=1)
    usual = audit.target.values[rows].mean(axis=0)
    # the regression alone: with few rows trees are sure of anything
    sure = np.abs(line - usual).mean(axis=1)
    return [
        (name, Difference(float(ranked.pvalue), abs(auc(values, tests) - 0.5)))
        for name, values in ((HARD, off), (CONFIDENT, sure))
        for ranked in [stats.mannwhitneyu(values[tests], values[~tests])]
    ]


def _limited(audit: Audit, rows: Rows) -> Rows:
    if len(rows) <= LIMIT:
        return rows
    return np.sort(audit.random("limit").permutation(rows)[:LIMIT])


def _by_model(audit: Audit, columns: list[Column], train: Rows, test: Rows) -> Difference | None:
    """Fit trees that tell test rows from train rows on one half, and rank the other half.

    Lopez-Paz and Oquab (ICLR 2017). As many train rows as test rows; the p-value is the rank test's
    on the half that was not fitted.
    """
    many = min(len(train), len(test), MODEL_ROWS // 2)
    if many < LEAST_MODELLED:
        return None
    random = audit.random("classifier")
    rows = np.concatenate([random.permutation(train)[:many], random.permutation(test)[:many]])
    side = np.repeat([0.0, 1.0], many)
    half = np.tile(np.arange(many) % 2, 2)
    predicted = _ranked(columns, rows, side, half, audit.seed % 2**31)
    out = half == 1
    ranked = stats.mannwhitneyu(
        predicted[out & (side == 1)], predicted[out & (side == 0)], alternative="greater"
    )
    return Difference(float(ranked.pvalue), max(0.0, auc(predicted[out], side[out] > 0) - 0.5))


def _ranked(columns: list[Column], rows: Rows, side: Floats, half: Rows, seed: int) -> Floats:
    order = np.argsort(rows, kind="stable")  # so that the order of the parts tells nothing
    values = np.zeros((len(columns[0].codes), 1))
    values[rows, 0] = side
    target = Target(values, number=False, codes=values[:, 0].astype(np.int32))
    predicted = np.empty(len(rows))
    predicted[order] = boosted(columns, target, rows[order], half[order], seed)[:, 0]
    return predicted


def _population(audit: Audit) -> list[tuple[str, Difference]]:
    """Compare test with the declared population, one row a unit."""
    declared = audit.options.population
    if declared is None:
        return []
    rows = audit.one_a_unit
    test = _limited(audit, rows[audit.parts[rows] == TEST])
    found: list[tuple[str, Difference]] = []
    for name, shares in declared.marginals.items():
        found.append((name, _against_marginals(audit, name, shares, test)))
    if declared.file is not None:
        found += _against_file(audit, declared, test)
    return found


def _against_marginals(audit: Audit, name: str, shares: dict[str, float], test: Rows) -> Difference:
    if name not in audit.snapshot.types:
        raise ConfigurationError(
            f"'splitting.audit.population.marginals' names the column '{name}', which the dataset "
            f"does not have. {near_misses(name, audit.snapshot.types)} Next step: correct the name "
            "in parameters_splitting.yml."
        )
    values = audit.snapshot.to_pandas([name])[name].iloc[audit.positions[test]]
    counts = values.map(str).value_counts()
    levels = [*shares, *(level for level in counts.index if level not in shares)]
    many = np.array([int(counts.get(level, 0)) for level in levels])
    return against_shares(many, np.array([shares.get(level, 0.0) for level in levels]))


def _against_file(audit: Audit, declared: Population, test: Rows) -> list[tuple[str, Difference]]:
    file = declared.file
    if file is None or not file.is_file():
        raise ConfigurationError(
            f"'splitting.audit.population.file' is {file}, where there is no file. Next step: "
            "write the path of a Parquet or CSV file in parameters_splitting.yml, relative to the "
            "project."
        )
    reference = pd.read_parquet(file) if file.suffix == ".parquet" else pd.read_csv(file)
    found = []
    for name in [audit.columns.target, *audit.features]:
        if name not in reference.columns or not len(reference):
            continue
        own = audit.snapshot.to_pandas([name])[name].iloc[audit.positions[test]]
        other = reference[name].sample(min(len(reference), LIMIT), random_state=0)
        if own.dtype != other.dtype:
            own, other = own.astype(str), other.astype(str)
        column = encode(pd.concat([own, other], ignore_index=True).rename(name))
        sides = np.arange(len(own)), np.arange(len(own), len(own) + len(other))
        difference = compare(column, *sides)
        if difference is not None:
            found.append((name, difference))
    return found
