"""How often each class is called each class: the counts behind every metric of calls."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from experiment_cycle.metrics.classification import called
from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.problem import Problem

Counts = npt.NDArray[np.int64]


def confusion(outcomes: Outcomes, classes: int) -> Counts:
    """Count rows by their class and by the class they are called, shape (classes, classes).

    Args:
        outcomes: Of a classification.
        classes: How many classes there are.
    """
    pairs = outcomes.target.astype(np.int64) * classes + called(outcomes)
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes).astype(np.int64)


def class_names(problem: Problem) -> tuple[str, ...]:
    """Write the classes as words, in the order of their codes; none without classes."""
    positive = problem.classes[-1] if problem.classes else None
    return tuple(f"not {positive}" if level is None else str(level) for level in problem.classes)
