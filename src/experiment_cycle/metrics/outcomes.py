"""What came true and what one model said of it, row by row: all that a metric needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from experiment_cycle.problem import ProblemType

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Targets and predictions of the same rows.

    Attributes:
        problem: Decides which metrics are defined.
        target: Shape (n,). Binary: 0 or 1. Multiclass: the code of the class, from 0. Regression:
            the value. Ranking: the relevance, a whole number from 0 on.
        prediction: Binary: probability of 1, shape (n,). Multiclass: probability of each class,
            shape (n, classes). Regression: the value; ranking: a score, greater is earlier, (n,).
        query: Ranking only: the query of each row, whole numbers, shape (n,).
        threshold: Binary only: a row is called positive from this probability on.
    """

    problem: ProblemType
    target: npt.NDArray[Any]
    prediction: Floats
    query: npt.NDArray[np.int64] | None = None
    threshold: float = 0.5
