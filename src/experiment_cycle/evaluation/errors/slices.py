"""The challenger on slices of the test rows: where is it weak?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.errors import ConfigurationError, near_misses
from experiment_cycle.evaluation.errors.conditions import hold
from experiment_cycle.evaluation.errors.declared import declared_slices
from experiment_cycle.evaluation.errors.levels import levels
from experiment_cycle.evaluation.errors.queries import APART, cuts_queries
from experiment_cycle.evaluation.estimates import measure_with_interval
from experiment_cycle.evaluation.measures import influence_of
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.evaluation.predictions import Predictions, rows_behind
from experiment_cycle.metrics.catalogue import metric

SLICE_METRICS: dict[str, tuple[str, ...]] = {
    "binary": ("log_loss", "roc_auc", "recall", "precision"),
    "multiclass": ("log_loss", "accuracy", "f1_macro"),
    "regression": ("rmse", "mae", "mean_error"),
    "ranking": ("ndcg_at_10", "mrr"),
}
"""What a slice is measured by; the first one, the problem's loss, ranks the slices."""

SLICE_COLUMNS = (
    "kind",
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

LEVEL, DECLARED = "level", "declared"
"""The kinds of slices: of a declared one, `column` is its name and `level` what it demands."""

NOT_SLICED = "not sliced"
"""Stands for the level in the one line of a column that cannot be sliced by."""


def measure_slices(
    test: pd.DataFrame, predictions: Predictions, columns: Columns, options: EvaluationOptions
) -> pd.DataFrame:
    """Measure the challenger on the declared slices and every level of every slicing column.

    The intervals are each slice's own, without a correction for looking at many: they show where
    to look, they prove nothing. A ranking is sliced by whole queries only: a column whose values
    differ within queries has one line, with `NOT_SLICED` for a level and a note.

    Args:
        test: The test rows, indexed by `__row__`.
        predictions: For the same rows.
        columns: The roles of the columns.
        options: Which columns, how many bins, how small a slice may be.

    Returns:
        One row per slice and metric, columns `SLICE_COLUMNS`; `value`, `lower` and `upper` are nan
        where `note` says why, `overall` is the metric on all test rows, `positives` is nan unless
        there are two classes. The slice whose loss is most surely worse than the overall one (by
        the better end of its interval) comes first, after the declared slices.

    Raises:
        ConfigurationError: a column to slice by is neither feature nor sensitive, or a declared
            slice does not fit the data.
    """
    rows = rows_behind(test, predictions.table)
    everywhere = predictions.outcomes("challenger")
    names = SLICE_METRICS[predictions.problem.type]
    overall = {name: influence_of(name, everywhere).value for name in names}
    measured: list[tuple[float, list[dict[str, Any]]]] = []
    apart: list[dict[str, Any]] = []
    for column in slice_columns(list(test.columns), columns, options):
        found = levels(rows[column], options.slices.bins, options.slices.bins)
        if cuts_queries(found.codes, predictions):
            named = {"kind": LEVEL, "column": column, "level": NOT_SLICED}
            apart.append({**named, **_unmeasured(predictions, overall, APART)})
            continue
        for code, label in enumerate(found.labels):
            within = predictions.within(found.codes == code)
            if options.slices.min_rows <= len(within) < len(predictions):
                lines = _measure_slice(within, overall, options)
                named = {"kind": LEVEL, "column": column, "level": label}
                measured.append((_excess(lines[0]), [{**named, **line} for line in lines]))
    measured.sort(key=lambda item: -item[0])
    lines = [line for _, lines in measured for line in lines]
    asked = _declared(rows, predictions, columns, options, overall)
    return pd.DataFrame([*asked, *lines, *apart], columns=SLICE_COLUMNS)


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
    within: Predictions, overall: dict[str, float], options: EvaluationOptions
) -> list[dict[str, Any]]:
    """Measure one slice by each metric, in their order."""
    lines: list[dict[str, Any]] = []
    for name, value in overall.items():
        found = measure_with_interval(name, within, "challenger", options.confidence)
        lines.append(
            {
                **_support(within),
                "metric": name,
                "value": _number(found.value),
                "lower": _number(found.lower),
                "upper": _number(found.upper),
                "overall": value,
                "note": found.note or "",
            }
        )
    return lines


def _declared(
    rows: pd.DataFrame,
    predictions: Predictions,
    columns: Columns,
    options: EvaluationOptions,
    overall: dict[str, float],
) -> list[dict[str, Any]]:
    """Measure the declared slices, however small; those that cannot be have a line with a note."""
    lines: list[dict[str, Any]] = []
    for each in declared_slices(rows, columns.target, options.slices.declared):
        named = {"kind": DECLARED, "column": each.name, "level": each.text}
        inside = hold(each.conditions, rows)
        within = predictions.within(inside)
        if cuts_queries(inside.astype(np.int64), predictions):
            lines.append({**named, **_unmeasured(within, overall, APART)})
        elif not len(within):
            why = each.note or "no test row is in it"
            lines.append({**named, **_unmeasured(within, overall, why)})
        else:
            few = f"fewer than {options.slices.min_rows} rows"
            notes = [each.note, few if len(within) < options.slices.min_rows else None]
            for line in _measure_slice(within, overall, options):
                told = "; ".join(note for note in (*notes, line["note"]) if note)
                lines.append({**named, **line, "note": told})
    return lines


def _unmeasured(predictions: Predictions, overall: dict[str, float], note: str) -> dict[str, Any]:
    """Say why there is nothing to measure."""
    name = next(iter(overall))
    return {**_support(predictions), "metric": name, "overall": overall[name], "note": note}


def _support(predictions: Predictions) -> dict[str, Any]:
    binary = predictions.problem.type == "binary"
    return {
        "rows": len(predictions),
        "units": predictions.units.count,
        "positives": int(predictions.target.sum()) if binary else math.nan,
    }


def _excess(line: dict[str, Any]) -> float:
    """Tell by how much a slice is surely worse than all rows."""
    if metric(line["metric"]).greater_is_better:
        excess = line["overall"] - line["upper"]
    else:
        excess = line["lower"] - line["overall"]
    return -math.inf if math.isnan(excess) else float(excess)


def _number(value: float | None) -> float:
    return math.nan if value is None else value
