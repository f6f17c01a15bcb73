"""On which side a prediction lies, and how far it is from another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from experiment_cycle.metrics.outcomes import Floats
from experiment_cycle.problem import Problem

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Sides:
    """What predictions are told apart by: classes, or the two sides of an amount.

    Attributes:
        problem: What is predicted; not a ranking, whose scores mean nothing by themselves.
        limit: Binary: from which probability on a row is positive. Regression: the amount.
    """

    problem: Problem
    limit: float

    @property
    def names(self) -> tuple[str, ...]:
        """What the sides are called, in the order of their codes."""
        if self.problem.classes:
            return self.problem.names
        return (f"below {self.limit:g}", f"{self.limit:g} or more")

    def of(self, outputs: Floats) -> Codes:
        """Tell the side of each prediction, shape (n,), of outputs of shape (n, outputs)."""
        if self.problem.type == "multiclass":
            return np.asarray(outputs.argmax(axis=1), dtype=np.int64)
        return (outputs[:, 0] >= self.limit).astype(np.int64)

    def of_target(self, target: npt.NDArray[np.generic]) -> Codes:
        """Tell on which side each row really is, shape (n,)."""
        if self.problem.type == "regression":
            return (target.astype(np.float64) >= self.limit).astype(np.int64)
        return target.astype(np.int64)

    def nearest_other(self, outputs: Floats) -> Codes:
        """Tell the other side that is nearest to each prediction, shape (n,)."""
        own = self.of(outputs)
        if self.problem.type != "multiclass":
            return 1 - own
        rest = outputs.copy()
        rest[np.arange(len(rest)), own] = -1.0
        return np.asarray(rest.argmax(axis=1), dtype=np.int64)

    def progress(self, outputs: Floats, wanted: Codes) -> Floats:
        """Measure how far each prediction is on the way to the side wanted of it, shape (n,)."""
        if self.problem.type != "multiclass":
            return np.where(wanted == 1, 1.0, -1.0) * (outputs[:, 0] - self.limit)
        rest = outputs.copy()
        places = np.arange(len(rest)), wanted
        rest[places] = -1.0
        return np.asarray(outputs[places] - rest.max(axis=1), dtype=np.float64)

    def shown(self, outputs: Floats, wanted: Codes) -> Floats:
        """Take the number that is shown of each prediction, shape (n,)."""
        if self.problem.type != "multiclass":
            return outputs[:, 0]
        return outputs[np.arange(len(outputs)), wanted]
