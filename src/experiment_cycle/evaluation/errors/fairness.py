"""The challenger on the levels of each sensitive column, and Fairlearn's gaps between them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from fairlearn.metrics import MetricFrame

from experiment_cycle.columns import Columns
from experiment_cycle.evaluation.errors.levels import Levels, levels
from experiment_cycle.evaluation.estimates import estimate
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.evaluation.predictions import rows_behind
from experiment_cycle.evaluation.records import Estimate, Fairness, GroupMetrics, SensitiveColumn
from experiment_cycle.metrics.catalogue import known_metrics, measure, metric
from experiment_cycle.metrics.influence import Influence, influence
from experiment_cycle.metrics.ratios import ratio
from experiment_cycle.metrics.units import Units

RATES = ("selection_rate", "true_positive_rate", "false_positive_rate")
GROUP_METRICS = (*RATES, "accuracy", "roc_auc", "log_loss")

GAPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "demographic_parity_difference": ("difference", ("selection_rate",)),
    "demographic_parity_ratio": ("ratio", ("selection_rate",)),
    "equalized_odds_difference": ("difference", ("true_positive_rate", "false_positive_rate")),
    "equalized_odds_ratio": ("ratio", ("true_positive_rate", "false_positive_rate")),
    "equal_opportunity_difference": ("difference", ("true_positive_rate",)),
}
"""Fairlearn's gaps: the worst of these rates, by their difference or ratio between the groups."""

LEAST_GROUPS = 2

MOST_LEVELS = 20
"""A sensitive column of numbers with more levels (an age, say) is cut at quantiles."""


def compare_groups(
    test: pd.DataFrame, test_predictions: pd.DataFrame, columns: Columns, options: EvaluationOptions
) -> Fairness:
    """Compare the challenger on the levels of each sensitive column.

    Values by group, and the differences and ratios between groups, are computed by Fairlearn's
    `MetricFrame`; the intervals are those of the resampling units inside each group. Missing values
    are a level of their own. A rate that is not defined in a group (no positive rows, say) makes
    the gaps that need it undefined: Fairlearn's own functions would count it as 0.

    Args:
        test: The test rows, indexed by `__row__`.
        test_predictions: As `predict_both` makes it.
        columns: The roles of the columns; `sensitive` may be empty.
        options: Threshold, confidence, and how small a compared group may be.
    """
    rows = rows_behind(test, test_predictions)
    return Fairness(
        columns=tuple(
            _compare_levels(name, rows[name], test_predictions, options)
            for name in columns.sensitive
        )
    )


def _compare_levels(
    name: str, column: pd.Series, test_predictions: pd.DataFrame, options: EvaluationOptions
) -> SensitiveColumn:
    """Measure every level of one column, and the gaps between those with enough rows."""
    found = levels(column, options.slices.bins, MOST_LEVELS)
    sizes = np.bincount(found.codes, minlength=len(found.labels))
    compared = sizes >= options.fairness.min_group_rows
    by_group = _frame(test_predictions, found.codes, options.threshold).by_group
    groups = tuple(
        _measure_group(
            label,
            test_predictions[found.codes == code],
            by_group.loc[code],
            bool(compared[code]),
            options,
        )
        for code, label in enumerate(found.labels)
    )
    gaps, notes = _gaps(test_predictions, found, compared, options.threshold)
    small = [group.level for group in groups if not group.compared]
    if small:
        notes.append(
            f"left out of the gaps, with fewer than {options.fairness.min_group_rows} rows: "
            f"{', '.join(small)}"
        )
    if found.cut:
        notes.append(f"more than {MOST_LEVELS} levels, so cut at quantiles")
    return SensitiveColumn(column=name, groups=groups, gaps=gaps, note="; ".join(notes) or None)


def _measure_group(
    label: str,
    within: pd.DataFrame,
    values: pd.Series,
    compared: bool,
    options: EvaluationOptions,
) -> GroupMetrics:
    """Put intervals around Fairlearn's values for one group."""
    target, probability = within["target"].to_numpy(), within["challenger"].to_numpy()
    units = Units.from_codes(within["unit"].to_numpy())
    metrics: dict[str, Estimate] = {}
    for name in GROUP_METRICS:
        found = _influence(name, target, probability, options.threshold)
        found = Influence(float(values[name]), found.contributions, found.note)
        greatest = metric(name).greatest if name in known_metrics() else 1.0
        metrics[name] = estimate(found, units, options.confidence, (0.0, greatest))
    return GroupMetrics(
        level=label, rows=len(within), units=units.count, metrics=metrics, compared=compared
    )


def _gaps(
    test_predictions: pd.DataFrame,
    found: Levels,
    compared: npt.NDArray[np.bool_],
    threshold: float,
) -> tuple[dict[str, float | None], list[str]]:
    """Compute every gap, None where it is not defined, and say why."""
    if compared.sum() < LEAST_GROUPS:
        return dict.fromkeys(GAPS), ["no gaps: fewer than two levels have enough rows"]
    kept = compared[found.codes]
    frame = _frame(test_predictions[kept], found.codes[kept], threshold, RATES)
    sides = {"difference": frame.difference(), "ratio": frame.ratio()}
    undefined = {
        name: [found.labels[code] for code in frame.by_group.index[frame.by_group[name].isna()]]
        for name in RATES
    }
    gaps: dict[str, float | None] = {}
    for gap, (side, rates) in GAPS.items():
        values = [math.nan if undefined[rate] else float(sides[side][rate]) for rate in rates]
        worst = max(values) if side == "difference" else min(values)
        gaps[gap] = None if any(math.isnan(value) for value in values) else worst
    notes = [
        f"{name} is not defined for {', '.join(labels)}"
        for name, labels in undefined.items()
        if labels
    ]
    notes += [
        f"{gap} is not defined: the rate is 0 in every group"
        for gap, (side, rates) in GAPS.items()
        if side == "ratio" and gaps[gap] is None and not any(undefined[rate] for rate in rates)
    ]
    return gaps, notes


def _frame(
    test_predictions: pd.DataFrame,
    codes: npt.NDArray[np.int64],
    threshold: float,
    names: tuple[str, ...] = GROUP_METRICS,
) -> MetricFrame:
    """Disaggregate the challenger's metrics by level."""
    return MetricFrame(
        metrics={name: _metric_function(name, threshold) for name in names},
        y_true=test_predictions["target"].to_numpy(),
        y_pred=test_predictions["challenger"].to_numpy(),
        sensitive_features=pd.Series(codes, name="level"),
    )


def _metric_function(name: str, threshold: float) -> Any:
    """Make a function of targets and probabilities, as `MetricFrame` calls it."""

    def compute(target: npt.ArrayLike, probability: npt.ArrayLike) -> float:
        if name in RATES:
            return ratio(name, target, probability, threshold).value()
        return measure(name, target, probability, threshold)

    return compute


def _influence(
    name: str, target: npt.ArrayLike, probability: npt.ArrayLike, threshold: float
) -> Influence:
    if name in RATES:
        return Influence.of(ratio(name, target, probability, threshold))
    return influence(name, target, probability, threshold)
