"""The median absolute error: a metric of the middle row, of which no sum knows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from experiment_cycle.metrics.outcomes import Codes, Floats, Outcomes
from experiment_cycle.metrics.sums import NO_ROWS, NOT_FINITE
from experiment_cycle.metrics.units import Units

Counts = npt.NDArray[np.int32]

EQUAL = "too many errors are equal to the median to tell how it varies"
REACH = 8.0
"""Standard errors of its rank in which the median of a resample is looked for first."""


@dataclass(frozen=True, eq=False)
class MedianError:
    """The median of the absolute errors, laid out."""

    outcomes: Outcomes

    @cached_property
    def errors(self) -> Floats:
        """The absolute errors, shape (n,)."""
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(np.abs(self.outcomes.prediction - self.outcomes.target), np.float64)

    def value(self) -> float:
        """Compute the metric; nan without rows, or where an error is nan."""
        return float(np.median(self.errors)) if len(self.errors) else float("nan")

    def influence(self) -> tuple[float, Floats, str | None]:
        """Compute value, derivative in the weight of each row (shape (n,)), and note.

        A row pulls the median to its side by half a row, over the density there (Hampel 1974). The
        density is the slope of the quantiles about the middle, over the width that Hall and
        Sheather (1988) give for intervals of 95 %.
        """
        value, rows = self.value(), len(self.errors)
        nothing = np.zeros(rows)
        if not np.isfinite(value):
            return value, nothing, NOT_FINITE if rows else NO_ROWS
        slope = _slope(self.errors)
        if not np.isfinite(slope) or slope <= 0.0:
            return value, nothing, EQUAL
        sides = np.sign(self.errors - value)
        return value, (sides - sides.mean()) * (slope / (2.0 * rows)), None


class ResampledMiddle:
    """Rows in the order of their errors: of each resample only those about its middle are read."""

    def __init__(self, laid_out: MedianError, units: Units) -> None:
        """Sort the rows; O(n log n)."""
        order = np.argsort(laid_out.errors, kind="stable")
        self._errors = laid_out.errors[order]
        self._units = units.codes[order]
        self._sizes = np.bincount(units.codes, minlength=units.count)
        rows = len(order)
        side = np.where(np.arange(rows) < rows / 2, -0.5, 0.5)
        sums = np.bincount(self._units, weights=side, minlength=units.count)
        reach = int(REACH * np.sqrt((sums**2).sum())) + 2
        self._first, self._last = max(rows // 2 - reach, 0), min(rows // 2 + reach, rows)
        self._before = np.bincount(self._units[: self._first], minlength=units.count)

    def values(self, counts: Counts) -> dict[str, Floats]:
        """Compute the metric on each resample, shape (chunk,)."""
        if not len(self._errors) or np.isnan(self._errors[-1]):
            return {"median_absolute_error": np.full(len(counts), np.nan)}
        rows = np.einsum("ij,j->i", counts, self._sizes)
        between = counts[:, self._units[self._first : self._last]]
        running = np.cumsum(between, axis=1, dtype=np.int64)
        running += np.einsum("ij,j->i", counts, self._before)[:, None]
        found = [self._at(running, place) for place in ((rows + 1) // 2, rows // 2 + 1)]
        values = (found[0] + found[1]) / 2.0
        for at in np.flatnonzero(np.isnan(values)):
            drawn = np.repeat(self._errors, counts[at][self._units])
            values[at] = np.median(drawn) if len(drawn) else np.nan
        return {"median_absolute_error": values}

    def _at(self, running: Codes, place: Codes) -> Floats:
        """Give the error at a place, from 1 on, of each resample; nan outside of those read."""
        index = (running < place[:, None]).sum(axis=1)
        inside = index < running.shape[1]
        # the first of those read may stand for one before it
        inside &= (index > 0) | (self._first == 0)
        at = np.minimum(self._first + index, len(self._errors) - 1)
        return np.where(inside, self._errors[at], np.nan)


def _slope(errors: Floats) -> float:
    """Tell how fast the quantiles rise at the median: one over the density."""
    normal = 1.959964
    width = normal ** (2 / 3) * (1.5 / (2.0 * np.pi)) ** (1 / 3) * len(errors) ** (-1 / 3)
    half = min(width, 0.5)
    low, high = np.quantile(errors, [0.5 - half, 0.5 + half])
    return float((high - low) / (2.0 * half))
