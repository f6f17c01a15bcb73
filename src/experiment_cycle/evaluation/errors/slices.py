"""The challenger on slices of the test rows: where is it weak?"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.errors import ConfigurationError, near_misses
from experiment_cycle.evaluation.errors.levels import levels
from experiment_cycle.evaluation.estimates import estimate
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.evaluation.predictions import rows_behind
from experiment_cycle.metrics.catalogue import measure, metric
from experiment_cycle.metrics.influence import influence
from experiment_cycle.metrics.units import Units

SLICE_METRICS = ("log_loss", "roc_auc", "recall", "precision")
"""What a slice is measured by; the first one ranks the slices."""

SLICE_COLUMNS = (
    "column",
    "level",
    "rows",
    "units",
    "positives",
    "metric",
    "value",
    "lower",
    "upper",
    "overall",
    "note",
)


def measure_slices(
    test: pd.DataFrame, test_predictions: pd.DataFrame, columns: Columns, options: EvaluationOptions
) -> pd.DataFrame:
    """Measure the challenger on every level of every slicing column.

    The intervals are each slice's own, without a correction for looking at many: they show where
    to look, they prove nothing.

    Args:
        test: The test rows, indexed by `__row__`.
        test_predictions: As `predict_both` makes it.
        columns: The roles of the columns.
        options: Which columns, how many bins, how small a slice may be.

    Returns:
        One row per slice and metric, columns `SLICE_COLUMNS`; `value`, `lower` and `upper` are nan
        where `note` says why, `overall` is the metric on all test rows. The slice whose log loss is
        most surely above the overall one (by its lower bound) comes first.

    Raises:
        ConfigurationError: a column to slice by is neither feature nor sensitive.
    """
    rows = rows_behind(test, test_predictions)
    overall = {
        name: measure(
            name, test_predictions["target"], test_predictions["challenger"], options.threshold
        )
        for name in SLICE_METRICS
    }
    measured: list[tuple[float, list[dict[str, Any]]]] = []
    for column in slice_columns(list(test.columns), columns, options):
        found = levels(rows[column], options.slices.bins, options.slices.bins)
        for code, label in enumerate(found.labels):
            within = test_predictions[found.codes == code]
            if options.slices.min_rows <= len(within) < len(test_predictions):
                lines = _measure_slice(within, overall, options)
                excess = lines[0]["lower"] - overall[SLICE_METRICS[0]]
                named = [{"column": column, "level": label, **line} for line in lines]
                measured.append((-math.inf if math.isnan(excess) else excess, named))
    measured.sort(key=lambda item: -item[0])
    return pd.DataFrame([line for _, lines in measured for line in lines], columns=SLICE_COLUMNS)


def slice_columns(available: list[str], columns: Columns, options: EvaluationOptions) -> list[str]:
    """Name the columns to slice by, in the order of `available`.

    Raises:
        ConfigurationError: a column to slice by is neither feature nor sensitive.
    """
    allowed = {*columns.features(available), *columns.sensitive}
    wanted = options.slices.columns
    for name in wanted or ():
        if name not in allowed:
            raise ConfigurationError(
                f"evaluation.slices.columns: '{name}' is neither a feature nor a sensitive column. "
                f"{near_misses(name, allowed)}"
            )
    return [name for name in available if name in (allowed if wanted is None else wanted)]


def _measure_slice(
    within: pd.DataFrame, overall: dict[str, float], options: EvaluationOptions
) -> list[dict[str, Any]]:
    """Measure one slice by each metric, in the order of `SLICE_METRICS`."""
    target, probability = within["target"].to_numpy(), within["challenger"].to_numpy()
    units = Units.from_codes(within["unit"].to_numpy())
    lines: list[dict[str, Any]] = []
    for name in SLICE_METRICS:
        found = estimate(
            influence(name, target, probability, options.threshold),
            units,
            options.confidence,
            (metric(name).lowest, metric(name).greatest),
        )
        lines.append(
            {
                "rows": len(within),
                "units": units.count,
                "positives": int(target.sum()),
                "metric": name,
                "value": _number(found.value),
                "lower": _number(found.lower),
                "upper": _number(found.upper),
                "overall": overall[name],
                "note": found.note or "",
            }
        )
    return lines


def _number(value: float | None) -> float:
    return math.nan if value is None else value
