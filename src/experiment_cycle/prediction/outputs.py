"""What is written of a prediction: probabilities and class, value, or score."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from experiment_cycle.errors import IntegrityError
from experiment_cycle.problem import Problem
from experiment_cycle.training.predicting import Floats
from experiment_cycle.training.records import ModelRecord

CLASS = "predicted_class"


def written_names(problem: Problem) -> list[str]:
    """Name the columns of a prediction, in their order."""
    if problem.type == "regression":
        return ["prediction"]
    if problem.type == "ranking":
        return ["score", "rank"]
    return [*map(_probability, problem.names), CLASS]


def columns_of(outputs: Floats, record: ModelRecord) -> dict[str, pa.Array]:
    """Lay predictions out as columns, without the rank.

    Args:
        outputs: As `predict_outputs` gives them.
        record: Of the model; it has the decision threshold of two classes.

    Raises:
        IntegrityError: there is no threshold.
    """
    problem = record.problem
    if problem.type in {"regression", "ranking"}:
        return {written_names(problem)[0]: pa.array(outputs)}
    if problem.type == "binary":
        codes = (outputs >= _threshold(record)).astype(np.int64)
        outputs = np.column_stack([1.0 - outputs, outputs])
    else:
        codes = outputs.argmax(axis=1)
    made = {
        _probability(name): pa.array(outputs[:, place]) for place, name in enumerate(problem.names)
    }
    return {**made, CLASS: _levels(problem).take(pa.array(codes))}


def _probability(name: str) -> str:
    return f"probability_{name}"


def _threshold(record: ModelRecord) -> float:
    if record.threshold is None:
        raise IntegrityError(
            "The record of this model has no decision threshold, so that no class can be called. "
            "Next step: train and promote a model anew with `kedro run`."
        )
    return record.threshold.value


def _levels(problem: Problem) -> pa.Array:
    """Give the classes in their own type, as text where they are of several."""
    levels: tuple[Any, ...] = problem.classes
    alike = len({type(level) for level in levels}) == 1
    return pa.array(levels if alike else problem.names)
