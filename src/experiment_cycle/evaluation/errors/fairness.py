"""The challenger on the levels of each sensitive column, and the gaps between them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.evaluation.errors.gaps import gaps_between
from experiment_cycle.evaluation.errors.levels import levels
from experiment_cycle.evaluation.errors.queries import APART, cuts_queries
from experiment_cycle.evaluation.estimates import measure_with_interval
from experiment_cycle.evaluation.measures import RATES
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.evaluation.predictions import Predictions, rows_behind
from experiment_cycle.evaluation.records import Estimate, Fairness, GroupMetrics, SensitiveColumn

GROUP_METRICS: dict[str, tuple[str, ...]] = {
    "binary": (*RATES, "accuracy", "roc_auc", "log_loss"),
    "multiclass": ("accuracy", "log_loss"),
    "regression": ("mae", "mean_error"),
    "ranking": ("ndcg_at_10",),
}
"""What is measured in each group."""

MOST_LEVELS = 20
"""A sensitive column of numbers with more levels (an age, say) is cut at quantiles."""


def compare_groups(
    test: pd.DataFrame, predictions: Predictions, columns: Columns, options: EvaluationOptions
) -> Fairness:
    """Compare the challenger on the levels of each sensitive column.

    With two classes, the differences and ratios between groups are computed by Fairlearn's
    `MetricFrame`; for other problems they are differences of the groups' metrics. The intervals are
    those of the resampling units inside each group. Missing values are a level of their own. What
    is not defined in a group (a rate without positive rows, say) makes the gaps that need it
    undefined: Fairlearn's own functions would count it as 0. Rankings are compared by whole
    queries: a column whose values differ within queries has a note only.

    Args:
        test: The test rows, indexed by `__row__`.
        predictions: For the same rows.
        columns: The roles of the columns; `sensitive` may be empty.
        options: Confidence, and how small a compared group may be.
    """
    rows = rows_behind(test, predictions.table)
    return Fairness(
        columns=tuple(
            _compare_levels(name, rows[name], predictions, options) for name in columns.sensitive
        )
    )


def _compare_levels(
    name: str, column: pd.Series, predictions: Predictions, options: EvaluationOptions
) -> SensitiveColumn:
    """Measure every level of one column, and the gaps between those with enough rows."""
    found = levels(column, options.slices.bins, MOST_LEVELS)
    if cuts_queries(found.codes, predictions):
        return SensitiveColumn(column=name, groups=(), gaps={}, note=f"not compared: {APART}")
    sizes = np.bincount(found.codes, minlength=len(found.labels))
    compared = sizes >= options.fairness.min_group_rows
    groups = []
    for code, label in enumerate(found.labels):
        within = predictions.within(found.codes == code)
        groups.append(
            GroupMetrics(
                level=label,
                rows=len(within),
                units=within.units.count,
                metrics=_measure_group(within, options),
                compared=bool(compared[code]),
            )
        )
    gaps, notes = gaps_between(groups, found.codes, predictions)
    small = [group.level for group in groups if not group.compared]
    if small:
        notes.append(
            f"left out of the gaps, with fewer than {options.fairness.min_group_rows} rows: "
            f"{', '.join(small)}"
        )
    if found.cut:
        notes.append(f"more than {MOST_LEVELS} levels, so cut at quantiles")
    return SensitiveColumn(
        column=name, groups=tuple(groups), gaps=gaps, note="; ".join(notes) or None
    )


def _measure_group(within: Predictions, options: EvaluationOptions) -> dict[str, Estimate]:
    """Put intervals around each metric of one group."""
    return {
        name: measure_with_interval(name, within, "challenger", options.confidence)
        for name in GROUP_METRICS[within.problem.type]
    }
