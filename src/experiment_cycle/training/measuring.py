"""A fitted estimator's metrics on both parts of the prepared data."""

from __future__ import annotations

from typing import Any

from experiment_cycle.live_metrics import Part
from experiment_cycle.training.predicting import outputs_of
from experiment_cycle.training.prepared import Prepared
from experiment_cycle.training.steps import StepWatch


def matrix_of(prepared: Prepared, part: Part) -> Any:
    """Pick the matrix of a part, shape (rows, inputs)."""
    return prepared.train if part == "train" else prepared.validation


def measure_parts(watch: StepWatch, prepared: Prepared, model: Any) -> dict[Part, dict[str, float]]:
    """Measure a fitted estimator on the parts that are watched.

    Args:
        watch: Names parts and metrics.
        prepared: The matrices.
        model: A fitted estimator that takes their rows.
    """
    kind = prepared.problem.type
    return {
        part: watch.measure(part, outputs_of(model, matrix_of(prepared, part), kind))
        for part in watch.parts
    }
