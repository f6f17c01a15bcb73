"""What a table of test predictions may hold, by kind of problem."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.errors import DataError
from experiment_cycle.metrics.outcomes import Floats, Outcomes

SUM_TOLERANCE = 1e-4
"""Probabilities computed with 32 bits add up to 1 only about so."""
NEXT_STEP = "Next step: kedro run --pipelines=evaluation,decision,reporting"

Wrong = npt.NDArray[np.bool_]


def refuse_wrong_rows(table: pd.DataFrame) -> None:
    """Refuse a table without rows, or with a row that occurs twice.

    Raises:
        DataError: it is one of these.
    """
    if table.empty:
        raise DataError("The test predictions have no rows, so nothing can be compared.")
    if table.index.has_duplicates:
        twice = table.index[table.index.duplicated()][0]
        raise DataError(f"Row {twice} occurs more than once in the test predictions. {NEXT_STEP}")


def refuse_wrong_values(model: str, outcomes: Outcomes, rows: npt.NDArray[np.int64]) -> None:
    """Refuse targets and predictions that the problem does not allow.

    Args:
        model: Names the predictions, for the message.
        outcomes: Targets and predictions.
        rows: Positions of the rows in the dataset, shape (n,), for the message.

    Raises:
        DataError: a value is wrong; the first such row is named.
    """
    wrong, allowed = _wrong_targets(outcomes)
    if wrong.any():
        at = int(wrong.argmax())
        raise DataError(
            f"A target must be {allowed}, but is not in {int(wrong.sum())} test rows, the first of "
            f"them row {rows[at]}: {outcomes.target[at]}. {NEXT_STEP}"
        )
    wrong, allowed = _wrong_predictions(outcomes)
    if wrong.any():
        at = int(wrong.argmax())
        raise DataError(
            f"The {model.replace('_', ' ')} gives no {allowed} for {int(wrong.sum())} test rows, "
            f"the first of them row {rows[at]}: {outcomes.prediction[at]}."
        )


def _wrong_targets(outcomes: Outcomes) -> tuple[Wrong, str]:
    target = np.asarray(outcomes.target, dtype=np.float64)
    wrong = ~np.isfinite(target)
    if outcomes.problem == "regression":
        return wrong, "a finite number"
    wrong |= (target < 0) | (target != np.floor(target))
    if outcomes.problem == "ranking":
        return wrong, "a whole number from 0 on"
    classes = 2 if outcomes.problem == "binary" else outcomes.prediction.shape[1]
    return wrong | (target >= classes), f"the code of a class, 0 to {classes - 1}"


def _wrong_predictions(outcomes: Outcomes) -> tuple[Wrong, str]:
    prediction = outcomes.prediction
    if outcomes.problem == "binary":
        return ~_is_probability(prediction), "probability from 0 to 1"
    if outcomes.problem == "multiclass":
        sums = np.abs(prediction.sum(axis=1) - 1.0) <= SUM_TOLERANCE
        return ~(_is_probability(prediction).all(axis=1) & sums), (
            "probabilities from 0 to 1 that add up to 1"
        )
    return ~np.isfinite(prediction), "finite number"


def _is_probability(values: Floats) -> Wrong:
    # nan is in no range
    return np.asarray((values >= 0.0) & (values <= 1.0))
