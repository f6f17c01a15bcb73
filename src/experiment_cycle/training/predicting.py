"""What a model says of rows, in one shape for each problem type, and checked."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.errors import DataError
from experiment_cycle.problem import Problem, ProblemType

Floats = npt.NDArray[np.float64]


def predict_outputs(model: Any, frame: pd.DataFrame, problem: Problem) -> Floats:
    """Predict raw rows.

    Args:
        model: A fitted pipeline that takes raw feature frames.
        frame: The rows, shape (n, columns).
        problem: What is predicted.

    Returns:
        Binary: the probability of the positive class, shape (n,). Multiclass: the probability of
        each class in the order of their codes, shape (n, classes). Regression and ranking: the
        value or the score, shape (n,). No rows have no predictions: the model is not asked.

    Raises:
        DataError: a prediction is no finite number, or a probability outside of [0, 1].
    """
    shape = (len(frame), problem.outputs) if problem.type == "multiclass" else (len(frame),)
    if not len(frame):
        # estimators of scikit-learn refuse a matrix without rows
        return np.empty(shape)
    predicted = outputs_of(model, frame, problem.type)
    if predicted.shape != shape:
        raise DataError(
            f"The model predicts an array of shape {predicted.shape} for {len(frame)} rows, where "
            f"{problem.type} needs {shape}. Next step: train the model again with "
            "`kedro run --pipelines=training`."
        )
    probabilities = problem.type in {"binary", "multiclass"}
    wrong = ~np.isfinite(predicted)
    if probabilities:
        wrong |= (predicted < 0) | (predicted > 1)
    if wrong.any():
        _refuse(predicted, wrong, frame, probabilities)
    return predicted


def outputs_of(model: Any, rows: Any, problem_type: ProblemType) -> Floats:
    """Predict rows of whatever kind the model takes, unchecked; see `predict_outputs`."""
    if problem_type == "multiclass":
        predicted = model.predict_proba(rows)
    elif problem_type == "binary":
        predicted = model.predict_proba(rows)[:, 1]
    else:
        predicted = model.predict(rows)
    return np.asarray(predicted, dtype=np.float64)


def _refuse(
    predicted: Floats, wrong: npt.NDArray[np.bool_], frame: pd.DataFrame, probabilities: bool
) -> None:
    by_row = wrong.reshape(len(frame), -1)
    first = int(by_row.any(axis=1).argmax())
    value = predicted.reshape(len(frame), -1)[first, int(by_row[first].argmax())]
    allowed = "a probability between 0 and 1" if probabilities else "a finite number"
    raise DataError(
        f"The model's prediction is not {allowed} in {int(by_row.any(axis=1).sum())} of "
        f"{len(frame)} rows, first in row {frame.index[first]}: {value}.{_greatest(frame, first)} "
        "Next step: look for extreme values in that row, and at the loss curves of the training."
    )


def _greatest(frame: pd.DataFrame, place: int) -> str:
    """Name the column that holds a row's greatest number; nothing where it holds none."""
    numbers = frame.iloc[[place]].select_dtypes("number").astype(np.float64).abs().iloc[0].dropna()
    if numbers.empty:
        return ""
    name = numbers.idxmax()
    return f" The greatest number there is in column '{name}': {frame[name].iloc[place]:g}."
