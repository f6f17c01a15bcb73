"""Resampling units: the rows that stand or fall together, and what they are worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LEAST_UNITS = 2
"""Fewer units have no spread to estimate."""


@dataclass(frozen=True, eq=False)
class Units:
    """Which unit each row belongs to: a group where one is declared, else the row itself.

    `codes` number the units from 0 to `count` - 1, shape (n,). `effective` is the number of equally
    large units that would carry as much information, (sum n)^2 / sum n^2 over the unit sizes n.
    """

    codes: npt.NDArray[np.int64]
    count: int
    effective: float

    @classmethod
    def from_codes(cls, codes: npt.ArrayLike) -> Units:
        """Number the units afresh, in the order of their codes.

        Args:
            codes: One whole number per row, shape (n,); equal numbers are one unit, gaps allowed.
        """
        present, dense = np.unique(np.asarray(codes), return_inverse=True)
        sizes = np.bincount(dense, minlength=len(present)).astype(np.float64)
        squares = float((sizes**2).sum())
        effective = float(sizes.sum()) ** 2 / squares if squares > 0 else 0.0
        return cls(dense.astype(np.int64).reshape(-1), len(present), effective)

    def standard_error(self, contributions: npt.NDArray[np.float64]) -> float:
        """Estimate a standard error from per-row influences, clustered by unit.

        sqrt(G / (G - 1) * sum over units of (sum of the unit's contributions)^2), G units: the
        linearised (sandwich) variance of Liang and Zeger (1986) with its usual small-sample factor.

        Args:
            contributions: Influence of each row on the metric, shape (n,), in the metric's unit.

        Returns:
            The standard error; nan where there are fewer than two units.
        """
        if self.count < LEAST_UNITS:
            return float("nan")
        sums = np.bincount(self.codes, weights=contributions, minlength=self.count)
        return float(np.sqrt(self.count / (self.count - 1) * (sums**2).sum()))

    @property
    def degrees_of_freedom(self) -> float:
        """Degrees of freedom of Student's t for intervals: `effective` - 1."""
        return self.effective - 1.0
