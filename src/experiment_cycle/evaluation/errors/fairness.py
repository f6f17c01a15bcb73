"""The challenger on the groups of sensitive columns, and the gaps between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.evaluation.errors.gaps import (
    GAPS,
    LEAST_GROUPS,
    TOO_FEW,
    Gaps,
    Measured,
    around,
    differences,
    fairlearn_gaps,
    no_gaps,
    rates_of,
)
from experiment_cycle.evaluation.errors.group_counts import GroupCounts
from experiment_cycle.evaluation.errors.groupings import MOST_LEVELS, Grouping, groupings
from experiment_cycle.evaluation.errors.queries import APART, cuts_queries
from experiment_cycle.evaluation.estimates import estimate
from experiment_cycle.evaluation.measures import RATES, influence_of, limits_of
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.evaluation.predictions import Predictions, rows_behind
from experiment_cycle.evaluation.records import Estimate, Fairness, GroupMetrics, SensitiveColumn
from experiment_cycle.metrics.influence import Influence
from experiment_cycle.metrics.outcomes import Floats

GROUP_METRICS: dict[str, tuple[str, ...]] = {
    "binary": (*RATES, "accuracy", "roc_auc", "log_loss"),
    "multiclass": ("accuracy", "log_loss"),
    "regression": ("mae", "mean_error"),
    "ranking": ("ndcg_at_10",),
}
"""What is measured in each group."""


def compare_groups(
    test: pd.DataFrame,
    predictions: Predictions,
    columns: Columns,
    options: EvaluationOptions,
    seed: int,
) -> Fairness:
    """Compare the challenger on the levels of each sensitive column, and of several at once.

    With two classes, the differences and ratios of the rates of calls are those of Fairlearn's
    `MetricFrame`, from counts; other metrics, and other problems, are compared by differences. The
    intervals of the groups' metrics are those of the resampling units inside each group; those of
    the gaps are percentiles over resamples of the units. A gap is the greatest of several
    differences and never below 0, so that where groups hardly differ, its interval lies too high.

    Missing values are a level of their own. What is not defined in a group (a rate without positive
    rows, say) makes the gaps that need it undefined: Fairlearn's own functions would count it as 0.
    Rankings are compared by whole queries: a column whose values differ within queries has a note
    only.

    Args:
        test: The test rows, indexed by `__row__`.
        predictions: For the same rows.
        columns: The roles of the columns; `sensitive` may be empty.
        options: Confidence, resamples, how small a group may be, which intersections.
        seed: Draws the resamples.

    Raises:
        ConfigurationError: an intersection names a column that is not sensitive.
    """
    rows = rows_behind(test, predictions.table)
    return Fairness(
        confidence=options.confidence,
        columns=tuple(
            _compare(each, predictions, options, seed) for each in groupings(rows, columns, options)
        ),
    )


def _compare(
    grouping: Grouping, predictions: Predictions, options: EvaluationOptions, seed: int
) -> SensitiveColumn:
    """Measure every group, and the gaps between those with enough rows."""
    if cuts_queries(grouping.codes, predictions):
        note = f"not compared: {APART}"
        return SensitiveColumn(column=grouping.name, groups=(), gaps={}, note=note)
    least = options.fairness.min_group_rows
    found = [_measure(code, grouping, predictions, options) for code in range(len(grouping.labels))]
    compared = [code for code, each in enumerate(found) if each.rows >= least]
    gaps, notes = _gaps(grouping, found, compared, predictions, options, seed)
    small = [each.level for each in found if each.rows < least]
    if small:
        notes.append(f"left out of the gaps, with fewer than {least} rows: {', '.join(small)}")
    if grouping.cut:
        what = "" if len(grouping.cut) == 1 else f"{', '.join(grouping.cut)}: "
        notes.append(f"{what}more than {MOST_LEVELS} levels, so cut at quantiles")
    return SensitiveColumn(
        column=grouping.name,
        groups=tuple(
            GroupMetrics(
                level=each.level,
                rows=each.rows,
                units=each.units,
                metrics=each.metrics,
                compared=code in compared,
            )
            for code, each in enumerate(found)
        ),
        gaps=gaps,
        note="; ".join(notes) or None,
    )


@dataclass(frozen=True, eq=False)
class _Group:
    """A group's metrics, with the influence of its rows that count, and the units of these."""

    level: str
    rows: int
    units: int
    metrics: dict[str, Estimate]
    influences: dict[str, Influence]
    codes: npt.NDArray[np.int64]


def _measure(
    code: int, grouping: Grouping, predictions: Predictions, options: EvaluationOptions
) -> _Group:
    """Put intervals around each metric of one group."""
    inside = grouping.codes == code
    within = predictions.within(inside)
    outcomes, units, kept = within.outcomes("challenger"), within.units, within.counted
    metrics, influences = {}, {}
    for name in GROUP_METRICS[within.problem.type]:
        found = influence_of(name, outcomes)
        influences[name] = replace(found, contributions=found.contributions[kept])
        metrics[name] = estimate(influences[name], units, options.confidence, limits_of(name))
    # the units of all rows are numbered for those that count
    codes = predictions.units.codes[inside[predictions.counted]]
    return _Group(grouping.labels[code], len(within), units.count, metrics, influences, codes)


def _gaps(
    grouping: Grouping,
    found: Sequence[_Group],
    compared: Sequence[int],
    predictions: Predictions,
    options: EvaluationOptions,
    seed: int,
) -> tuple[Gaps, list[str]]:
    """Compute every gap between the groups that are compared, and say why one is not defined."""
    binary = predictions.problem.type == "binary"
    names = [name for name in GROUP_METRICS[predictions.problem.type] if name not in RATES]
    if len(compared) < LEAST_GROUPS:
        every = [*(GAPS if binary else ()), *(f"{name}_difference" for name in names)]
        return no_gaps(every), [TOO_FEW]
    groups = [found[code] for code in compared]
    levels = [group.level for group in groups]
    rates: dict[str, Measured] = {}
    gaps: Gaps = {}
    notes: list[str] = []
    if binary:
        counted = GroupCounts.of(
            grouping.codes, len(grouping.labels), predictions.outcomes("challenger")
        )
        drawn = counted.resampled(predictions.units, options.bootstrap_replicates, seed)
        rates = rates_of(counted, drawn, compared)
        gaps, notes = fairlearn_gaps(rates, levels, options.confidence)
    generator = np.random.default_rng(seed)
    measured = {
        name: rates[name]
        if name in rates
        else _around(name, groups, predictions, options, generator)
        for name in names
    }
    more, others = differences(measured, levels, options.confidence)
    return gaps | more, [*notes, *others]


def _around(
    name: str,
    groups: Sequence[_Group],
    predictions: Predictions,
    options: EvaluationOptions,
    generator: np.random.Generator,
) -> Measured:
    values: Floats = np.array([group.influences[name].value for group in groups])
    return around(
        values,
        [group.influences[name].contributions for group in groups],
        [group.codes for group in groups],
        predictions.units,
        options.bootstrap_replicates,
        generator,
    )
