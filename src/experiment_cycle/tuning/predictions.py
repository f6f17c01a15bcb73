"""What the trials of a search predicted for the validation rows: kept to judge the choice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from experiment_cycle.metrics.outcomes import Floats, Outcomes
from experiment_cycle.metrics.units import Units
from experiment_cycle.problem import ProblemType


@dataclass(frozen=True, eq=False)
class TrialPredictions:
    """What each complete trial predicted for the validation rows.

    Attributes:
        numbers: Of the trials, shape (trials,).
        predictions: In the order of the validation rows; float32, shape (trials, n), or (trials, n,
            classes) for more than two classes.
    """

    numbers: npt.NDArray[np.int64]
    predictions: npt.NDArray[np.float32]

    @classmethod
    def of(cls, predictions: dict[int, npt.ArrayLike]) -> Self:
        """Put the predictions of trials together, by their numbers."""
        numbers = sorted(predictions)
        kept = [shortened(np.asarray(predictions[number], np.float64)) for number in numbers]
        return cls(
            np.asarray(numbers, np.int64), np.stack(kept) if kept else np.zeros((0, 0), np.float32)
        )


@dataclass(frozen=True, eq=False)
class ValidationRows:
    """What the trials were measured on; `target`, `query` as in `Outcomes`, `units` resampled."""

    problem: ProblemType
    target: npt.NDArray[Any]
    query: npt.NDArray[np.int64] | None
    units: Units

    def outcomes(
        self, prediction: npt.NDArray[Any], kept: npt.NDArray[Any] | None = None
    ) -> Outcomes:
        """Set predictions beside the targets, of all rows or of those kept."""
        rows = slice(None) if kept is None else kept
        query = None if self.query is None else self.query[rows]
        return Outcomes(
            self.problem, self.target[rows], np.asarray(prediction[rows], np.float64), query
        )


def shortened(predictions: Floats) -> npt.NDArray[np.float32]:
    """Round to float32, but no probability below 1 to 1: its log loss would be without limit."""
    rounded = predictions.astype(np.float32)
    below = np.nextafter(np.float32(1), np.float32(0))
    return np.where((rounded == 1) & (predictions < 1), below, rounded)
