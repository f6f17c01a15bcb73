"""Where what the challenger broke is concentrated: more than chance would have it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from scipy.special import stdtr

from experiment_cycle.columns import Columns
from experiment_cycle.evaluation.errors.disagreement import BrokenSlice, Changes
from experiment_cycle.evaluation.errors.levels import levels
from experiment_cycle.evaluation.errors.queries import cuts_queries
from experiment_cycle.evaluation.errors.slices import slice_columns
from experiment_cycle.evaluation.estimates import FEW_UNITS, estimate
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.evaluation.predictions import Predictions, rows_behind
from experiment_cycle.metrics.influence import Influence

LEAST_BROKEN = 5
"""Fewer broken rows of a level are too few to say where they come from."""


def broken_slices(
    test: pd.DataFrame,
    predictions: Predictions,
    changes: Changes,
    columns: Columns,
    options: EvaluationOptions,
) -> tuple[tuple[BrokenSlice, ...], int]:
    """Find the levels of columns among whose rows a greater share is broken than among the others.

    One-sided t tests of the difference of both shares, with the cluster standard error of the
    resampling units. Over all levels, the false discovery rate is held (Benjamini and Hochberg
    1995) at 1 - confidence: what is listed is listed by mistake in at most so many of 100 cases
    where nothing is concentrated anywhere.

    Args:
        test: The test rows, indexed by `__row__`.
        predictions: For the same rows.
        changes: Of both models.
        columns: The roles of the columns.
        options: Which columns are cut how, how small a level may be, and the confidence.

    Returns:
        The levels, the greatest excess first, and how many were tested.
    """
    rows = rows_behind(test, predictions.table)
    found: list[BrokenSlice] = []
    for name in slice_columns(list(test.columns), columns, options):
        cut = levels(rows[name], options.slices.bins, options.slices.bins)
        if cuts_queries(cut.codes, predictions):
            continue
        codes = cut.codes[changes.places]
        for code, label in _candidates(codes, changes, cut.labels, options.slices.min_rows):
            found.append(_test(name, label, codes == code, changes, options.confidence))
    if not found:
        return (), 0
    adjusted = stats.false_discovery_control([each.adjusted_p_value for each in found])
    alpha = 1.0 - options.confidence
    kept = [
        each.model_copy(update={"adjusted_p_value": float(value)})
        for each, value in zip(found, adjusted, strict=True)
        if value <= alpha
    ]
    return tuple(sorted(kept, key=lambda each: -(each.excess.value or 0.0))), len(found)


def _candidates(
    codes: npt.NDArray[np.int64], changes: Changes, labels: tuple[str, ...], least: int
) -> Iterator[tuple[int, str]]:
    """Name the levels that can be tested: large enough, and not all there is."""
    sizes = np.bincount(codes, minlength=len(labels))
    broken = np.bincount(codes[changes.broken], minlength=len(labels))
    for code, label in enumerate(labels):
        if least <= sizes[code] <= len(codes) - least and broken[code] >= LEAST_BROKEN:
            yield code, label


def _test(
    column: str, label: str, inside: npt.NDArray[np.bool_], changes: Changes, confidence: float
) -> BrokenSlice:
    """Compare the share of broken rows inside with that outside; the p-value is its own."""
    broken = changes.broken.astype(np.float64)
    share, elsewhere = float(broken[inside].mean()), float(broken[~inside].mean())
    contributions = np.where(
        inside,
        (broken - share) / inside.sum(),
        (elsewhere - broken) / (~inside).sum(),
    )
    # the side with the fewer units decides how sure the difference is
    sides = [_sizes(changes.units.codes[side]) for side in (inside, ~inside)]
    effective = min(float(each.sum() ** 2 / (each**2).sum()) for each in sides)
    units = replace(changes.units, effective=effective)
    found = Influence(share - elsewhere, contributions)
    error = units.standard_error(contributions)
    p_value = 1.0
    if error > 0 and units.effective >= FEW_UNITS:
        p_value = float(stdtr(units.degrees_of_freedom, -found.value / error))
    return BrokenSlice(
        column=column,
        level=label,
        counted=int(inside.sum()),
        units=len(sides[0]),
        broken=int(broken[inside].sum()),
        fixed=int(changes.fixed[inside].sum()),
        share=share,
        elsewhere=elsewhere,
        excess=estimate(found, units, confidence, (-1.0, 1.0)),
        adjusted_p_value=p_value,
    )


def _sizes(codes: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Count the rows of each unit that is there; quicker than to number the units afresh."""
    counts = np.bincount(codes)
    return counts[counts > 0].astype(np.float64)
