"""The median of values that follow each other and may be like their neighbours.

Its bounds are order statistics, as where values are independent (Thompson 1936), so that no
distribution is supposed. How many values may lie below the median by chance is not told by the
binomial distribution where neighbours are alike (Wolff, Gastwirth and Rubin 1965); here it is told
by the long-run variance of the signs about the median (Heidelberger and Lewis 1984), estimated by
equal-weighted cosines (Lazarus et al. 2018), and by the binomial distribution where that says more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import binom, t

from experiment_cycle.metrics.outcomes import Floats
from experiment_cycle.metrics.units import LEAST_UNITS, Units

SOURCE = (
    "order statistics of the median (Thompson 1936), of {count} pairs of calls in turns; long-run "
    "variance of the signs by equal-weighted cosines (Lazarus et al. 2018)"
)
NO_SPREAD = 1e-9
"""Of a count; smaller ones are rounding."""


@dataclass(frozen=True, eq=False)
class MedianInTime:
    """A median with its sampling error.

    `levels[k]` is the error level at which the median is above a number that k of the n values do
    not exceed, shape (n + 1,), rising. All of them are 1 where there are too few values.
    """

    ranked: Floats
    levels: Floats

    @classmethod
    def of(cls, values: Floats) -> MedianInTime:
        """Rank values.

        Args:
            values: In the order of time, at least one, shape (n,).
        """
        ranked, count = np.sort(values), len(values)
        if count < LEAST_UNITS:
            return cls(ranked, np.ones(count + 1))
        units = Units.from_codes(np.arange(count), in_time=True)
        error = units.standard_error(0.5 * np.sign(values - np.median(values)))
        below = np.arange(count + 1)
        # of equal values all signs are 0, and the binomial distribution remains
        distance = (count / 2.0 - below - 1.0) / max(error, NO_SPREAD)
        levels = np.maximum(t.sf(distance, units.degrees_of_freedom), binom.cdf(below, count, 0.5))
        return cls(ranked, levels)

    @property
    def value(self) -> float:
        """The median."""
        return float(np.median(self.ranked))

    def bounds(self, lower_level: float, upper_level: float) -> tuple[float | None, float | None]:
        """Bound the median from below and above, each at its own error level.

        Returns:
            None in place of a bound for which there are too few values.
        """
        low, high = (
            int(np.searchsorted(self.levels, level, side="right"))
            for level in (lower_level, upper_level)
        )
        return (
            float(self.ranked[low - 1]) if low else None,
            float(self.ranked[len(self.ranked) - high]) if high else None,
        )

    def p_value(self, threshold: float) -> float:
        """Give the one-sided p-value against median <= threshold."""
        return float(self.levels[int((self.ranked <= threshold).sum())])

    def p_value_above(self, threshold: float) -> float:
        """Give the one-sided p-value against median >= threshold."""
        return float(self.levels[int((self.ranked >= threshold).sum())])

    def two_sided(self) -> float:
        """Give the two-sided p-value against a median of 0; with bounds of half the level each."""
        return min(1.0, 2.0 * min(self.p_value(0.0), self.p_value_above(0.0)))
