"""The correlation of what rows are and what they are called."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from experiment_cycle.metrics.outcomes import Floats
from experiment_cycle.metrics.sums import NO_ROWS, Sums, Term

ONE_SIDED = "all rows are of one class, or all are called one"


@dataclass(frozen=True)
class Correlation:
    """Matthews' correlation (1975), of several classes as Gorodkin (2004) has it.

    The sums: rows, rows called right, rows of each class, rows called each class.
    """

    def value(self, sums: Floats) -> Floats:
        """Divide the covariance by the root of both variances; nan where one of them is 0."""
        shared, real, called = self._parts(sums)
        defined = (real > 0) & (called > 0)
        below = np.sqrt(np.where(defined, real * called, 1.0))
        return np.asarray(np.where(defined, np.clip(shared / below, -1.0, 1.0), np.nan))

    def gradient(self, sums: Floats) -> Floats:
        """Differentiate in each of the sums."""
        shared, real, called = (float(part) for part in self._parts(sums))
        rows, right, of_class, called_so = self._split(sums)
        below = np.sqrt(real * called)
        value = shared / below
        by_rows = right / below - value * rows * (1.0 / real + 1.0 / called)
        by_class = value * of_class / real - called_so / below
        by_call = value * called_so / called - of_class / below
        return np.concatenate([[by_rows, rows / below], by_class, by_call])

    def note(self, sums: Floats) -> str | None:
        """Say what is missing."""
        if sums[0] == 0:
            return NO_ROWS
        return ONE_SIDED if np.isnan(self.value(sums)) else None

    def _split(self, sums: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        of_class, called_so = np.split(sums[2:], 2)
        return sums[0], sums[1], of_class, called_so

    def _parts(self, sums: Floats) -> tuple[Floats, Floats, Floats]:
        """Give covariance and both variances, each times the squared number of rows."""
        rows, right, of_class, called_so = self._split(sums)
        shared = right * rows - (of_class * called_so).sum(axis=0)
        return shared, rows**2 - (of_class**2).sum(axis=0), rows**2 - (called_so**2).sum(axis=0)


def correlation(target: npt.NDArray[np.int64], calls: npt.NDArray[np.int64], classes: int) -> Sums:
    """Lay out Matthews' correlation.

    Args:
        target: The class of each row, a code from 0, shape (n,).
        calls: The class each row is called, shape (n,).
        classes: How many classes there are.
    """
    ones = np.ones(len(target))
    terms = (
        Term(ones, 0),
        Term((target == calls).astype(np.float64), 1),
        Term(ones, 2 + target),
        Term(ones, 2 + classes + calls),
    )
    return Sums(terms, 2 + 2 * classes, Correlation())
