"""The challenger on the levels of each sensitive column, and Fairlearn's gaps between them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from fairlearn.metrics import (
    MetricFrame,
    false_positive_rate,
    selection_rate,
    true_positive_rate,
)

from experiment_cycle.columns import Columns
from experiment_cycle.evaluation.errors.levels import levels
from experiment_cycle.evaluation.estimates import estimate
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.evaluation.predictions import rows_behind
from experiment_cycle.evaluation.records import Estimate, Fairness, GroupMetrics, SensitiveColumn
from experiment_cycle.metrics.catalogue import metric
from experiment_cycle.metrics.influence import Influence, influence
from experiment_cycle.metrics.ratios import ratio
from experiment_cycle.metrics.units import Units

RATES = {
    "selection_rate": selection_rate,
    "true_positive_rate": true_positive_rate,
    "false_positive_rate": false_positive_rate,
}
"""Fairlearn's rates, by which groups are compared."""

METRICS = ("accuracy", "roc_auc", "log_loss")
"""What is measured beside them in each group."""

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

    Rates by group, and the differences and ratios between groups, are computed by Fairlearn's
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
    cells = _cells(test_predictions, found.codes, options.threshold)
    rates = _frame(cells).by_group
    groups = tuple(
        GroupMetrics(
            level=label,
            rows=int(sizes[code]),
            units=test_predictions["unit"][found.codes == code].nunique(),
            metrics=_measure_group(test_predictions[found.codes == code], rates.loc[code], options),
            compared=bool(compared[code]),
        )
        for code, label in enumerate(found.labels)
    )
    gaps, notes = _gaps(cells[compared[cells["level"]]], found.labels)
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
    within: pd.DataFrame, rates: pd.Series, options: EvaluationOptions
) -> dict[str, Estimate]:
    """Put intervals around Fairlearn's rates and our own metrics for one group."""
    target, probability = within["target"].to_numpy(), within["challenger"].to_numpy()
    units = Units.from_codes(within["unit"].to_numpy())
    measured: dict[str, Estimate] = {}
    for name in RATES:
        found = Influence.of(ratio(name, target, probability, options.threshold))
        if found.note is None:
            found = replace(found, value=float(rates[name]))
        measured[name] = estimate(found, units, options.confidence)
    for name in METRICS:
        found = influence(name, target, probability, options.threshold)
        limits = (metric(name).lowest, metric(name).greatest)
        measured[name] = estimate(found, units, options.confidence, limits)
    return measured


def _gaps(
    cells: pd.DataFrame, labels: tuple[str, ...]
) -> tuple[dict[str, float | None], list[str]]:
    """Compute every gap between the levels in `cells`, None where undefined, and say why."""
    present = set(cells["level"])
    if len(present) < LEAST_GROUPS:
        return dict.fromkeys(GAPS), ["no gaps: fewer than two levels have enough rows"]
    undefined = {
        name: [labels[code] for code in sorted(present - set(cells["level"][needed]))]
        for name, needed in (
            ("selection_rate", cells["rows"] > 0),
            ("true_positive_rate", cells["target"] == 1),
            ("false_positive_rate", cells["target"] == 0),
        )
    }
    frame = _frame(cells)
    sides = {"difference": frame.difference(), "ratio": frame.ratio()}
    gaps: dict[str, float | None] = {}
    notes = [
        f"{name} is not defined for {', '.join(who)}" for name, who in undefined.items() if who
    ]
    for gap, (side, rates) in GAPS.items():
        values = [float(sides[side][rate]) for rate in rates]
        gaps[gap] = max(values) if side == "difference" else min(values)
        if any(undefined[rate] for rate in rates):
            gaps[gap] = None
        elif any(math.isnan(value) for value in values):
            gaps[gap] = None
            notes.append(f"{gap} is not defined: a rate is 0 in every group")
    return gaps, notes


def _cells(
    test_predictions: pd.DataFrame, codes: npt.NDArray[np.int64], threshold: float
) -> pd.DataFrame:
    """Count rows by `level`, `target` and `called`: all that a rate depends on.

    Fairlearn weighs these few rows as it would the many, at a fraction of the time.
    """
    rows = pd.DataFrame(
        {
            "level": codes,
            "target": test_predictions["target"].to_numpy(),
            "called": (test_predictions["challenger"].to_numpy() >= threshold).astype(np.int8),
        }
    )
    return rows.groupby(["level", "target", "called"]).size().reset_index(name="rows")


def _frame(cells: pd.DataFrame) -> MetricFrame:
    """Disaggregate the rates by level."""
    return MetricFrame(
        metrics=RATES,
        y_true=cells["target"],
        y_pred=cells["called"],
        sensitive_features=cells["level"],
        sample_params={name: {"sample_weight": cells["rows"]} for name in RATES},
    )
