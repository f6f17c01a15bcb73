"""The labels of test and validation that are most doubtful."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtr

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.evaluation.errors.label_errors import (
    ALPHA,
    Doubts,
    Method,
    doubt_classes,
    doubt_numbers,
)
from experiment_cycle.evaluation.predictions import Predictions, rows_behind
from experiment_cycle.metrics.confusion import class_names
from experiment_cycle.metrics.outcomes import Floats
from experiment_cycle.metrics.units import Units
from experiment_cycle.options import Record
from experiment_cycle.problem import Problem
from experiment_cycle.training.predicting import predict_outputs
from experiment_cycle.training.records import ModelRecord

RANKED = "A relevance is no label that could be wrong by itself: nothing was looked for."
REFITTED = "Validation was left out: the challenger was refitted on it."


class LabelErrors(Record):
    """How many labels are doubtful, and how many would be if all were right."""

    method: Method
    rows: dict[str, int]
    """Rows looked at, by part."""
    suspected: int
    by_chance: float
    """How many would be, if every label were right and the model's probabilities true (classes),
    or its errors normal (numbers)."""
    p_value: float | None = None
    """Classes, one-sided: of as many as are suspected, if that were so."""
    estimated: float | None = None
    """How many labels are wrong, by the calibrated confident joint."""
    classes: tuple[str, ...] = ()
    thresholds: tuple[float | None, ...] = ()
    joint: tuple[tuple[int, ...], ...] = ()
    """Rows by label and by the class they are confidently of."""
    limit: float | None = None
    """Numbers: the standardised error from which a row is suspected."""
    note: str | None = None


class Part(NamedTuple):
    """Rows that the challenger was not fitted on, with what it said of them.

    Attributes:
        name: Of the part.
        rows: Their columns, indexed by `__row__`.
        target: As `Problem.encode` writes it, shape (n,).
        output: As `predict_outputs` makes it.
        units: The resampling units of the rows.
    """

    name: str
    rows: pd.DataFrame
    target: npt.NDArray[Any]
    output: Floats
    units: Units

    @classmethod
    def tested(cls, tested: pd.DataFrame, predictions: Predictions) -> Part:
        """Take the rows that both models predicted."""
        outcomes = predictions.outcomes("challenger")
        return cls(
            "test",
            rows_behind(tested, predictions.table),
            outcomes.target,
            outcomes.prediction,
            predictions.units,
        )


def validated(
    model: Any, record: ModelRecord, validation: pd.DataFrame, columns: Columns
) -> Part | str:
    """Let the challenger predict validation, which it was not fitted on.

    Its epochs or rounds, its calibration and its threshold were chosen there, which is little
    beside a fit.

    Args:
        model: The challenger.
        record: Of the challenger.
        validation: The rows, indexed by `__row__`.
        columns: The roles of the columns.

    Returns:
        The part; or why there is none: it was refitted on these rows, or nothing is looked for.
    """
    problem = record.problem
    if record.refit_rows is not None:
        return REFITTED
    if problem.type == "ranking":
        return RANKED
    return Part(
        "validation",
        validation,
        problem.encode(validation[columns.target], "validation"),
        predict_outputs(model, validation[columns.features(validation.columns)], problem),
        Units.from_codes(columns.groups(validation)),
    )


def suspect_labels(
    parts: list[Part], problem: Problem, n: int, note: str | None = None
) -> tuple[LabelErrors, pd.DataFrame]:
    """Find the labels that the challenger, which did not learn from them, doubts.

    Args:
        parts: Rows that it was not fitted on; the first are the test rows.
        problem: What is predicted.
        n: How many rows are listed at most.
        note: What is to be told of the parts.

    Returns:
        What was found, and the most doubtful rows, the most doubtful first. Classes: columns
        `__row__`, `part`, `label`, `suggested`, `label_probability`, `suggested_probability`;
        numbers: `__row__`, `part`, `target`, `prediction`, `standardised_error`; then the row's
        own columns, one that has the name of an earlier column as `<name> (data)`.
    """
    sizes = {part.name: len(part.rows) for part in parts}
    if problem.type == "ranking":
        found = LabelErrors(method="none", rows=sizes, suspected=0, by_chance=0.0, note=RANKED)
        return found, pd.DataFrame(columns=[ROW])
    target = np.concatenate([part.target for part in parts])
    output = np.concatenate([part.output for part in parts])
    named = {
        ROW: np.concatenate([part.rows.index.to_numpy() for part in parts]),
        "part": np.repeat(list(sizes), list(sizes.values())),
    }
    if problem.type == "regression":
        return _numbers(parts, named, target, output, sizes, n, note)
    return _classes(parts, named, problem, target.astype(np.int64), output, sizes, n, note)


def _classes(
    parts: list[Part],
    named: dict[str, Any],
    problem: Problem,
    label: npt.NDArray[np.int64],
    output: Floats,
    sizes: dict[str, int],
    n: int,
    note: str | None,
) -> tuple[LabelErrors, pd.DataFrame]:
    probability = output if problem.type == "multiclass" else np.column_stack([1 - output, output])
    found, words = doubt_classes(probability, label), class_names(problem)
    order = np.flatnonzero(found.suspected)
    order = order[np.argsort(found.margin[order], kind="stable")][:n]
    names = np.array(words, dtype=object)
    listed = {name: values[order] for name, values in named.items()} | {
        "label": names[label[order]],
        "suggested": names[found.suggested[order]],
        "label_probability": probability[order, label[order]],
        "suggested_probability": probability[order, found.suggested[order]],
    }
    record = LabelErrors(
        method="confident_learning",
        rows=sizes,
        suspected=int(found.suspected.sum()),
        by_chance=found.by_chance,
        p_value=_p_value(found, probability, parts),
        estimated=found.estimated,
        classes=words,
        thresholds=tuple(None if np.isnan(each) else float(each) for each in found.thresholds),
        joint=tuple(map(tuple, found.joint.tolist())),
        note=note,
    )
    return record, _with_own(listed, parts, order)


def _numbers(
    parts: list[Part],
    named: dict[str, Any],
    target: Floats,
    output: Floats,
    sizes: dict[str, int],
    n: int,
    note: str | None,
) -> tuple[LabelErrors, pd.DataFrame]:
    found = doubt_numbers(output, target)
    order = np.flatnonzero(found.suspected)
    order = order[np.argsort(-np.abs(found.standardised[order]), kind="stable")][:n]
    listed = {name: values[order] for name, values in named.items()} | {
        "target": target[order],
        "prediction": output[order],
        "standardised_error": found.standardised[order],
    }
    record = LabelErrors(
        method="extreme_residuals",
        rows=sizes,
        suspected=int(found.suspected.sum()),
        by_chance=ALPHA,
        limit=found.limit,
        note=note,
    )
    return record, _with_own(listed, parts, order)


def _p_value(found: Doubts, probability: Floats, parts: list[Part]) -> float | None:
    """Test whether more rows are suspected than hard ones would be, by resampling units."""
    counted = found.suggested >= 0
    expected = np.zeros(len(counted))
    expected[counted] = 1.0 - probability[np.flatnonzero(counted), found.suggested[counted]]
    start, total, variance = 0, 0.0, 0.0
    for part in parts:
        excess = (found.suspected - expected)[start : start + len(part.rows)]
        start += len(part.rows)
        total += float(excess.sum())
        if len(excess):
            variance += part.units.standard_error(excess - excess.mean()) ** 2
    freedom = min(part.units.degrees_of_freedom for part in parts)
    if not variance > 0 or freedom < 1:
        return None
    return float(stdtr(freedom, -total / np.sqrt(variance)))


def _with_own(
    listed: dict[str, Any], parts: list[Part], order: npt.NDArray[np.int64]
) -> pd.DataFrame:
    """Put the rows' own columns behind what is told of them."""
    table = pd.DataFrame(listed)
    start, own = 0, []
    for part in parts:
        inside = order[(order >= start) & (order < start + len(part.rows))]
        own.append(part.rows.iloc[inside - start].set_axis(inside))
        start += len(part.rows)
    columns = pd.concat(own).loc[order].reset_index(drop=True)
    columns = columns.rename(columns={name: f"{name} (data)" for name in table.columns})
    return pd.concat([table, columns], axis=1)
