"""What came true and what one model said of it, row by row: all that a metric needs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from experiment_cycle.problem import ProblemType

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

TWO = 2


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
        classes: Names of the classes in the order of their codes, where a metric asks for one.
    """

    problem: ProblemType
    target: npt.NDArray[Any]
    prediction: Floats
    query: npt.NDArray[np.int64] | None = None
    threshold: float = 0.5
    classes: tuple[str, ...] = ()

    @property
    def class_count(self) -> int:
        """How many classes are told apart; classification only."""
        return TWO if self.problem == "binary" else self.prediction.shape[1]

    @cached_property
    def codes(self) -> Codes:
        """The class of each row, as a code, shape (n,); classification only."""
        return np.asarray(self.target).astype(np.int64)

    @cached_property
    def calls(self) -> Codes:
        """The class each row is called, as a code, shape (n,); classification only.

        Binary: 1 from the threshold on. Multiclass: the most probable, the first of equal ones.
        """
        if self.problem == "binary":
            return (np.asarray(self.prediction) >= self.threshold).astype(np.int64)
        return np.asarray(self.prediction.argmax(axis=1), dtype=np.int64)

    @cached_property
    def memo(self) -> dict[str, Any]:
        """What metrics share of the same outcomes, so that rows are sorted once."""
        return {}

    def rows(self, chosen: npt.NDArray[Any]) -> Outcomes:
        """Take some of the rows, by mask or by positions, of which some may occur again."""
        query = None if self.query is None else self.query[chosen]
        return Outcomes(
            self.problem,
            self.target[chosen],
            self.prediction[chosen],
            query,
            self.threshold,
            self.classes,
        )
