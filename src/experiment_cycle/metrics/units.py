"""Resampling units: the rows that stand or fall together, and what they are worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.fft import dct

UnitName = Literal["row", "group", "query", "moment"]
"""What is resampled."""

LEAST_UNITS = 2
"""Fewer units have no spread to estimate."""


@dataclass(frozen=True, eq=False)
class Units:
    """Which unit each row belongs to: a group where one is declared, else the row itself.

    `codes` number the units from 0 to `count` - 1, shape (n,). `effective` is the number of equally
    large units that would carry as much information, (sum n)^2 / sum n^2 over the unit sizes n.
    `in_time` tells that the units are moments, numbered as they follow each other: then a unit may
    be like its neighbours, and what is far apart is taken for independent.
    """

    codes: npt.NDArray[np.int64]
    count: int
    effective: float
    in_time: bool = False

    @classmethod
    def from_codes(cls, codes: npt.ArrayLike, *, in_time: bool = False) -> Units:
        """Number the units afresh, in the order of their codes.

        Args:
            codes: One whole number per row, shape (n,); equal numbers are one unit, gaps allowed.
            in_time: The codes are moments, in their order.
        """
        present, dense = np.unique(np.asarray(codes), return_inverse=True)
        sizes = np.bincount(dense, minlength=len(present)).astype(np.float64)
        squares = float((sizes**2).sum())
        effective = float(sizes.sum()) ** 2 / squares if squares > 0 else 0.0
        return cls(dense.astype(np.int64).reshape(-1), len(present), effective, in_time)

    def in_blocks(self, most: int, seed: int) -> Units:
        """Join units to at most `most` blocks, as large as each other, give or take one unit.

        Units that are independent are joined at random. That changes no expected variance, and
        the estimate of one by 1 / sqrt(2 * most) of a standard error at most. Moments are joined
        to their neighbours.

        Args:
            most: How many blocks there may be.
            seed: Draws which units are joined.
        """
        if self.count <= most:
            return self
        if self.in_time:
            block = np.arange(self.count) * most // self.count
        else:
            block = np.random.default_rng(seed).permutation(self.count) % most
        return Units.from_codes(block[self.codes], in_time=self.in_time)

    def standard_error(self, contributions: npt.NDArray[np.float64]) -> float:
        """Estimate a standard error from per-row influences, clustered by unit.

        sqrt(G / (G - 1) * sum over units of (sum of the unit's contributions)^2), G units: the
        linearised (sandwich) variance of Liang and Zeger (1986) with its usual small-sample factor.
        In time: the equal-weighted cosine estimator of the long-run variance (Lazarus, Lewis,
        Stock and Watson 2018), which holds where neighbours are alike.

        Args:
            contributions: Influence of each row on the metric, shape (n,), in the metric's unit.

        Returns:
            The standard error; nan where there are fewer than two units.
        """
        if self.count < LEAST_UNITS:
            return float("nan")
        sums = np.bincount(self.codes, contributions, self.count).astype(np.float64, copy=False)
        if self.in_time:
            return float(np.sqrt(self.count * _long_run_variance(sums, self._cosines)))
        return float(np.sqrt(self.count / (self.count - 1) * (sums**2).sum()))

    @property
    def degrees_of_freedom(self) -> float:
        """Degrees of freedom of Student's t: `effective` - 1; in time the number of cosines."""
        return float(self._cosines) if self.in_time else self.effective - 1.0

    @property
    def _cosines(self) -> int:
        return max(1, int(0.4 * self.count ** (2 / 3)))


def _long_run_variance(series: npt.NDArray[np.float64], cosines: int) -> float:
    """Average the squared projections of a series on cosines of low frequency.

    Args:
        series: In the order of time, shape (n,).
        cosines: How many, 0.4 n^(2/3) by the rule of Lazarus et al.
    """
    projected = dct(series, type=2, norm="ortho")[1 : cosines + 1]
    return float((projected**2).mean())
