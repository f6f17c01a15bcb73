"""The gaps between groups: Fairlearn's for two classes, else differences of their metrics."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from fairlearn.metrics import (
    MetricFrame,
    false_positive_rate,
    selection_rate,
    true_positive_rate,
)

from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.evaluation.records import GroupMetrics
from experiment_cycle.metrics.classification import called

FAIRLEARN = {
    "selection_rate": selection_rate,
    "true_positive_rate": true_positive_rate,
    "false_positive_rate": false_positive_rate,
}

GAPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "demographic_parity_difference": ("difference", ("selection_rate",)),
    "demographic_parity_ratio": ("ratio", ("selection_rate",)),
    "equalized_odds_difference": ("difference", ("true_positive_rate", "false_positive_rate")),
    "equalized_odds_ratio": ("ratio", ("true_positive_rate", "false_positive_rate")),
    "equal_opportunity_difference": ("difference", ("true_positive_rate",)),
}
"""Fairlearn's gaps: the worst of these rates, by their difference or ratio between the groups."""

LEAST_GROUPS = 2
TOO_FEW = "no gaps: fewer than two levels have enough rows"

Gaps = dict[str, float | None]


def gaps_between(
    groups: Sequence[GroupMetrics], codes: npt.NDArray[np.int64], predictions: Predictions
) -> tuple[Gaps, list[str]]:
    """Compute every gap between the groups that are compared, None where undefined, and say why.

    Args:
        groups: In the order of their codes.
        codes: The group of each row, shape (n,).
        predictions: Of the same rows.
    """
    compared = [code for code, group in enumerate(groups) if group.compared]
    if predictions.problem.type == "binary":
        cells = _cells(codes, predictions)
        found = _by_fairlearn(cells[cells["level"].isin(compared)], groups)
    else:
        found = _differences([groups[code] for code in compared], groups)
    if len(compared) < LEAST_GROUPS:
        return dict.fromkeys(found[0]), [TOO_FEW]
    return found


def _differences(
    compared: Sequence[GroupMetrics], groups: Sequence[GroupMetrics]
) -> tuple[Gaps, list[str]]:
    """Take the difference between the greatest and the least value of each metric."""
    gaps: Gaps = {}
    notes: list[str] = []
    for name in groups[0].metrics if groups else ():
        values = {group.level: group.metrics[name].value for group in compared}
        defined = [value for value in values.values() if value is not None]
        undefined = [level for level, value in values.items() if value is None]
        if undefined:
            notes.append(f"{name} is not defined for {', '.join(undefined)}")
        whole = bool(defined) and not undefined
        gaps[f"{name}_difference"] = max(defined) - min(defined) if whole else None
    return gaps, notes


def _by_fairlearn(cells: pd.DataFrame, groups: Sequence[GroupMetrics]) -> tuple[Gaps, list[str]]:
    """Compute Fairlearn's gaps between the levels in `cells`."""
    present = set(cells["level"])
    if len(present) < LEAST_GROUPS:
        return dict.fromkeys(GAPS), []
    undefined = {
        name: [groups[code].level for code in sorted(present - set(cells["level"][needed]))]
        for name, needed in (
            ("selection_rate", cells["rows"] > 0),
            ("true_positive_rate", cells["target"] == 1),
            ("false_positive_rate", cells["target"] == 0),
        )
    }
    frame = MetricFrame(
        metrics=FAIRLEARN,
        y_true=cells["target"],
        y_pred=cells["called"],
        sensitive_features=cells["level"],
        sample_params={name: {"sample_weight": cells["rows"]} for name in FAIRLEARN},
    )
    sides = {"difference": frame.difference(), "ratio": frame.ratio()}
    gaps: Gaps = {}
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


def _cells(codes: npt.NDArray[np.int64], predictions: Predictions) -> pd.DataFrame:
    """Count rows by `level`, `target` and `called`: all that a rate depends on.

    Fairlearn weighs these few rows as it would the many, at a fraction of the time.
    """
    outcomes = predictions.outcomes("challenger")
    calls = called(outcomes)
    rows = pd.DataFrame({"level": codes, "target": outcomes.target, "called": calls})
    return rows.groupby(["level", "target", "called"]).size().reset_index(name="rows")
