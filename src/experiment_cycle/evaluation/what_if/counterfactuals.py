"""What would have to be different for the challenger to say something else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.errors import ConfigurationError, near_misses
from experiment_cycle.evaluation.what_if.changes import Mixture, fewest_changes
from experiment_cycle.evaluation.what_if.distance import Gower
from experiment_cycle.evaluation.what_if.goals import Codes, Sides
from experiment_cycle.evaluation.what_if.options import WhatIfOptions
from experiment_cycle.evaluation.what_if.predictor import AskedModel, Predict
from experiment_cycle.evaluation.what_if.records import Counterfactual, Counterfactuals
from experiment_cycle.evaluation.what_if.sampling import sample
from experiment_cycle.metrics.outcomes import Floats
from experiment_cycle.problem import Problem

MOST_TESTED, MOST_DONORS = 5_000, 20_000
NEIGHBOURS = 30
"""The nearest training rows of the wanted prediction that are tried."""


@dataclass(frozen=True, eq=False)
class Asked:
    """Test rows, what the challenger says of them, and what it should say."""

    rows: pd.DataFrame
    target: Codes
    outputs: Floats
    called: Codes
    wanted: Codes


def search_counterfactuals(
    model: AskedModel,
    train: pd.DataFrame,
    test: pd.DataFrame,
    columns: Columns,
    options: WhatIfOptions,
    seed: int,
) -> Counterfactuals:
    """Find for some test rows the nearest training row of the other prediction, and what to change.

    The rows are wrongly called ones, evenly from the nearly right to the most wrong, each of
    another group; where there are too few, then those nearest to the other side. Values come from
    one training row, so that they are plausible together; those of `immutable` features are kept.

    Args:
        model: The challenger.
        train: The training rows, indexed by `__row__`; at most 20,000 of them are looked at.
        test: The test rows, indexed so too; at most 5,000 of them.
        columns: The roles of the columns.
        options: How many, what is immutable, and the amount.
        seed: Samples.

    Raises:
        ConfigurationError: `immutable` names a column that is none.
    """
    immutable = immutable_columns([str(name) for name in test.columns], columns, options)
    why = _why_none(model.problem, options)
    if why is not None or test.empty or train.empty:
        note = why or "There are no rows to compare."
        return Counterfactuals(
            rows=0, wrong=0, donors=0, immutable=immutable, found=(), not_found=0, note=note
        )
    regression = model.problem.type == "regression"
    limit = options.amount if regression else model.threshold
    sides = Sides(model.problem, 0.5 if limit is None else limit)
    tested = sample(test, MOST_TESTED, seed, "counterfactuals")
    donors = sample(train, MOST_DONORS, seed, "donors")
    asked, wrong = _choose(model.predict, sides, tested, columns, options.counterfactuals)
    mutable = [name for name in model.features if name not in immutable]
    found = _search(model, sides, donors, asked, mutable) if mutable else []
    return Counterfactuals(
        rows=len(tested),
        wrong=wrong,
        donors=len(donors),
        immutable=immutable,
        found=tuple(found),
        not_found=len(asked.rows) - len(found),
    )


def _why_none(problem: Problem, options: WhatIfOptions) -> str | None:
    if problem.type == "ranking":
        return "A score says where a row stands in its query only, so that it has no other side."
    if options.counterfactuals == 0:
        return "None are searched: evaluation.what_if.counterfactuals is 0."
    if problem.type == "regression" and options.amount is None:
        return (
            "A number has no other side unless evaluation.what_if.amount names one, such as a "
            "limit above which something is done."
        )
    return None


def immutable_columns(
    available: Sequence[str], columns: Columns, options: WhatIfOptions
) -> tuple[str, ...]:
    """Name the columns that no counterfactual changes.

    Raises:
        ConfigurationError: `immutable` names a column that is none.
    """
    if options.immutable is None:
        return tuple(name for name in columns.sensitive if name in available)
    for name in options.immutable:
        if name not in available:
            raise ConfigurationError(
                f"evaluation.what_if.immutable names '{name}', which is no column. "
                f"{near_misses(name, available)}"
            )
    return options.immutable


def _choose(
    predict: Predict, sides: Sides, tested: pd.DataFrame, columns: Columns, most: int
) -> tuple[Asked, int]:
    """Choose the rows that are asked about, and count those that are called wrongly."""
    outputs = predict(tested)
    target = sides.of_target(sides.problem.encode(tested[columns.target], "test"))
    called = sides.of(outputs)
    wrong = called != target
    wanted = np.where(wrong, target, sides.nearest_other(outputs))
    progress = sides.progress(outputs, wanted)
    units = columns.groups(tested)
    at = _spread(_one_each(np.flatnonzero(wrong), progress, units), most)
    if len(at) < most:
        others = ~wrong & ~np.isin(units, units[at])
        at = np.concatenate([at, _one_each(np.flatnonzero(others), progress, units)])[:most]
    chosen = Asked(tested.iloc[at], target[at], outputs[at], called[at], wanted[at])
    return chosen, int(wrong.sum())


def _one_each(at: Codes, progress: Floats, units: Codes) -> Codes:
    """Order rows from the nearest to the other side on, and keep the first one of each unit."""
    order = at[np.argsort(-progress[at], kind="stable")]
    return order[np.sort(np.unique(units[order], return_index=True)[1])]


def _spread(order: Codes, most: int) -> Codes:
    if len(order) <= most:
        return order
    return order[np.linspace(0, len(order) - 1, most).round().astype(np.int64)]


def _search(
    model: AskedModel,
    sides: Sides,
    donors: pd.DataFrame,
    asked: Asked,
    mutable: Sequence[str],
) -> list[Counterfactual]:
    predict = model.predict
    chosen, given, apart = _nearest(model, sides, donors, asked, mutable)
    if not chosen:
        return []
    mixture = Mixture(asked.rows.iloc[chosen], donors.iloc[given], mutable)
    wanted = asked.wanted[chosen]
    taken, reached = fewest_changes(mixture, predict, sides, wanted)
    after = sides.shown(predict(mixture.mixed(np.arange(len(chosen)), taken)), wanted)
    before = sides.shown(asked.outputs[chosen], wanted)
    return [
        Counterfactual(
            row=int(asked.rows.index[row]),
            target=sides.names[asked.target[row]],
            called=sides.names[asked.called[row]],
            wanted=sides.names[asked.wanted[row]],
            before=float(before[place]),
            after=float(after[place]),
            train_row=int(donors.index[given[place]]),
            distance=apart[place],
            changes=mixture.changes(place, taken[place]),
        )
        for place, row in enumerate(chosen)
        if reached[place]
    ]


def _nearest(
    model: AskedModel,
    sides: Sides,
    donors: pd.DataFrame,
    asked: Asked,
    mutable: Sequence[str],
) -> tuple[list[int], list[int], list[float]]:
    """Find a donor for each row: the positions of the rows, those of the donors, how far apart."""
    distances = Gower(donors, asked.rows, model.features)
    called = sides.of(model.predict(donors))
    chosen, given, apart = [], [], []
    for row, wanted in enumerate(asked.wanted.tolist()):
        possible = np.flatnonzero(called == wanted)
        far = distances.from_row(row)[possible]
        nearest = possible[np.argsort(far, kind="stable")[:NEIGHBOURS]]
        place = _first_enough(model.predict, sides, donors.iloc[nearest], asked, row, mutable)
        if place is not None:
            chosen.append(row)
            given.append(int(nearest[place]))
            apart.append(float(np.sort(far, kind="stable")[place]))
    return chosen, given, apart


def _first_enough(
    predict: Predict,
    sides: Sides,
    donors: pd.DataFrame,
    asked: Asked,
    row: int,
    mutable: Sequence[str],
) -> int | None:
    """Find the nearest donor whose mutable values together are enough; its place, or None."""
    if donors.empty:
        return None
    same = asked.rows.iloc[[row] * len(donors)]
    mixture = Mixture(same, donors, mutable)
    mixed = mixture.mixed(np.arange(len(donors)), mixture.differs)
    enough = sides.of(predict(mixed)) == asked.wanted[row]
    return int(enough.argmax()) if enough.any() else None
