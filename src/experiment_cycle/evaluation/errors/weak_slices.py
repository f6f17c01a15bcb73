"""Weak slices: found on one half of the test units, confirmed on the other."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.evaluation.errors.candidates import Candidate, candidates
from experiment_cycle.evaluation.errors.conditions import Conditions, described, hold
from experiment_cycle.evaluation.errors.excess import Excess, dense, excess_of
from experiment_cycle.evaluation.errors.queries import cuts_queries
from experiment_cycle.evaluation.errors.slices import slice_columns
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.evaluation.predictions import Predictions, rows_behind
from experiment_cycle.evaluation.records import WeakSlice, WeakSlices
from experiment_cycle.metrics.holm import holm
from experiment_cycle.metrics.losses import row_loss_name, row_losses
from experiment_cycle.metrics.outcomes import Floats

Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]

MOST_SEARCHED = 100_000
"""Of more rows in the half that is searched, a sample of whole units is."""
LEAST_UNITS = 10.0
"""Effective units that a slice needs in either half: fewer do not carry Student's t."""
LEAST_IN_ALL = 2 * LEAST_UNITS
NONE_LARGE = "not searched: no level of any column has enough rows in half of the units"
WITHOUT = "without the rows of the slices found before it"
TOO_SMALL = "too few rows or units in the confirming half"


@dataclass(frozen=True, eq=False)
class _Half:
    """Some of the rows, with their losses and units."""

    rows: pd.DataFrame
    losses: Floats
    units: Codes

    def at(self, chosen: Mask) -> _Half:
        """Keep some of them."""
        return _Half(self.rows[chosen], self.losses[chosen], dense(self.units[chosen]))


def find_weak_slices(
    test: pd.DataFrame,
    predictions: Predictions,
    columns: Columns,
    options: EvaluationOptions,
    seed: int,
) -> WeakSlices:
    """Search for slices on which the challenger's loss is higher than on the other rows.

    The units (groups, queries or rows) are divided in two at random. On one half, single levels,
    pairs of levels and the nodes of an error tree are ranked by how surely they are worse than the
    rest; the best is taken, its rows are set aside, and so on, so that a slice which only overlaps
    with a worse one is not taken. On the other half, the few that were taken are tested in the same
    way, each without the rows of those before it, and their p-values adjusted by Holm's method:
    where no slice is weak, a run confirms one with a probability of at most `alpha`. Effects and
    intervals are from the confirming half alone, which makes them free of the luck of the search.

    Args:
        test: The test rows, indexed by `__row__`.
        predictions: For the same rows.
        columns: The roles of the columns.
        options: What to slice by, how small a slice may be, and the error level.
        seed: Divides the units.

    Returns:
        The slices that were taken, the confirmed ones first, each kind in the order it was found.

    Raises:
        ConfigurationError: a column to slice by is neither feature nor sensitive.
    """
    wanted, every = options.slices.weak, _judged(test, predictions, columns, options)
    loss = row_loss_name(predictions.problem.type)
    if not wanted.search:
        return WeakSlices(
            loss=loss, alpha=wanted.alpha, note="evaluation.slices.weak.search is off"
        )
    units = dense(every.units)
    count = int(units.max()) + 1 if len(units) else 0
    if count < LEAST_IN_ALL or every.rows.columns.empty:
        why = f"{count} resampling units are too few" if count < LEAST_IN_ALL else "no column"
        return WeakSlices(loss=loss, alpha=wanted.alpha, note=f"not searched: {why}")
    generator = np.random.default_rng(seed)
    searched = np.zeros(count, dtype=np.bool_)
    searched[generator.permutation(count)[: count // 2]] = True
    first, second = every.at(searched[units]), every.at(~searched[units])
    sample = _sampled(first, generator)
    found, looked_at = candidates(
        sample.rows, sample.losses, options.slices.bins, options.slices.min_rows
    )
    taken = _take(found, sample, options)
    return WeakSlices(
        loss=loss,
        alpha=wanted.alpha,
        searched_rows=len(sample.rows),
        confirming_rows=len(second.rows),
        candidates=looked_at,
        note=None if looked_at else NONE_LARGE,
        slices=_confirm(taken, second, options),
    )


def _judged(
    test: pd.DataFrame, predictions: Predictions, columns: Columns, options: EvaluationOptions
) -> _Half:
    """Take the rows that can be judged, with the columns that do not cut queries apart."""
    rows = rows_behind(test, predictions.table)
    names = slice_columns(list(test.columns), columns, options)
    losses = row_losses(predictions.outcomes("challenger"))
    units = predictions.units.codes
    if predictions.problem.type != "ranking":
        return _Half(rows[names], losses, units)
    names = [
        name
        for name in names
        if not cuts_queries(pd.factorize(rows[name], use_na_sentinel=False)[0], predictions)
    ]
    # a query is right or wrong as a whole, and counts once
    judged = predictions.counted
    first = np.unique(predictions.table["query"].to_numpy()[judged], return_index=True)[1]
    return _Half(rows.loc[judged, names].iloc[first], losses[judged][first], units[first])


def _sampled(half: _Half, generator: np.random.Generator) -> _Half:
    """Keep whole units of about `MOST_SEARCHED` rows."""
    share = MOST_SEARCHED / max(len(half.rows), 1)
    if share >= 1:
        return half
    count = int(half.units.max()) + 1
    kept = np.zeros(count, dtype=np.bool_)
    kept[generator.permutation(count)[: math.ceil(share * count)]] = True
    return half.at(kept[half.units])


def _take(
    found: list[Candidate], half: _Half, options: EvaluationOptions
) -> list[tuple[Conditions, Excess]]:
    """Take the surest slice, set its rows aside, and so on until none is left that is worse."""
    everywhere = [_worth(each.inside, half.losses, half.units, options) for each in found]
    weak = [place for place, judged in enumerate(everywhere) if judged is not None]
    now, left = dict(enumerate(everywhere)), np.ones(len(half.losses), dtype=np.bool_)
    taken: list[tuple[Conditions, Excess]] = []
    while len(taken) < options.slices.weak.most:
        # simpler kinds have fewer alternatives, and win where both are as sure
        ranked = [
            (judged.log_p + math.log(found[place].alike), place)
            for place in weak
            if (judged := now[place]) is not None
        ]
        if not ranked:
            break
        best, judged = found[min(ranked)[1]], now[min(ranked)[1]]
        if judged is not None:
            taken.append((best.conditions, judged))
        left &= ~best.inside
        losses, units = half.losses[left], half.units[left]
        now = {at: _worth(found[at].inside[left], losses, units, options) for at in weak}
    return taken


def _worth(inside: Mask, losses: Floats, units: Codes, options: EvaluationOptions) -> Excess | None:
    """Judge a slice among the rows that are left; None if it is too small or not worse enough."""
    least = options.slices.min_rows
    if not least <= inside.sum() <= len(inside) - least:
        return None
    judged = excess_of(losses, inside, units)
    weak = judged.value > options.slices.weak.min_excess * judged.rest
    sure = judged.p_value <= options.slices.weak.alpha and judged.effective >= LEAST_UNITS
    return judged if weak and sure else None


def _confirm(
    taken: list[tuple[Conditions, Excess]], half: _Half, options: EvaluationOptions
) -> tuple[WeakSlice, ...]:
    """Test the slices that were taken on rows that had no part in the search."""
    left, judged = np.ones(len(half.losses), dtype=np.bool_), []
    notes = []
    for conditions, _ in taken:
        inside = hold(conditions, half.rows)
        notes.append(WITHOUT if (inside & ~left).any() else None)
        judged.append(excess_of(half.losses[left], inside[left], half.units[left]))
        left &= ~inside
    # a slice too small to be judged counts as a test all the same
    large = [
        each.rows >= options.slices.min_rows and each.effective >= LEAST_UNITS for each in judged
    ]
    p_values = [each.p_value if enough else 1.0 for each, enough in zip(judged, large, strict=True)]
    adjusted = holm(p_values)
    found = [
        _record(conditions, before, each, note if enough else TOO_SMALL, (p, corrected), options)
        for (conditions, before), each, note, enough, p, corrected in zip(
            taken, judged, notes, large, p_values, adjusted, strict=True
        )
    ]
    return tuple(sorted(found, key=lambda each: not each.confirmed))


def _record(
    conditions: Conditions,
    before: Excess,
    after: Excess,
    note: str | None,
    p_values: tuple[float, float],
    options: EvaluationOptions,
) -> WeakSlice:
    bounds = None if note == TOO_SMALL else after.interval(options.confidence)
    return WeakSlice(
        slice=described(conditions),
        columns=tuple(each.column for each in conditions),
        rows=after.rows,
        units=after.units,
        loss=None if math.isnan(after.loss) else after.loss,
        rest=None if math.isnan(after.rest) else after.rest,
        excess=None if math.isnan(after.value) else after.value,
        lower=bounds[0] if bounds else None,
        upper=bounds[1] if bounds else None,
        p_value=p_values[0],
        adjusted_p_value=p_values[1],
        confirmed=p_values[1] <= options.slices.weak.alpha,
        excess_when_found=before.value,
        note=note,
    )
