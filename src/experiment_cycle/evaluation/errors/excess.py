"""By how much rows are worse off than the rest, and whether chance would do the same."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr, stdtr, stdtrit

from experiment_cycle.metrics.outcomes import Floats
from experiment_cycle.metrics.units import LEAST_UNITS, Units

Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Excess:
    """Mean loss of a slice less that of the rest of the rows.

    `error` is its standard error, nan where either side has fewer than two units; `degrees` are
    those of Student's t: the effective units of the smaller side less one.
    """

    value: float
    error: float
    degrees: float
    rows: int
    units: int
    effective: float
    loss: float
    rest: float

    @property
    def p_value(self) -> float:
        """Chance of so great an excess where there is none, by Student's t; 1 if unknown."""
        if not self.error > 0 or self.degrees <= 0:
            return 1.0
        return float(stdtr(self.degrees, -self.value / self.error))

    @property
    def log_p(self) -> float:
        """The natural logarithm of the p-value, which may be too small for a number."""
        if not self.error > 0 or self.degrees <= 0:
            return 0.0
        return float(log_p_values(np.array(self.value / self.error), np.array(self.degrees)))

    def interval(self, confidence: float) -> tuple[float, float] | None:
        """Give the two-sided interval of the excess; None where there is none."""
        if not self.error > 0 or self.degrees <= 0:
            return None
        reach = float(stdtrit(self.degrees, (1 + confidence) / 2)) * self.error
        return (self.value - reach, self.value + reach) if math.isfinite(reach) else None


def excess_of(losses: Floats, inside: Mask, units: Codes) -> Excess:
    """Compare the mean loss of a slice with that of the rest, whole units being independent.

    The variance is the linearised one of a difference of two means (Liang and Zeger 1986), so that
    units with rows on both sides count for their difference; each side is scaled by G / (G - 1)
    for its own number of units G. With rows as units it is Welch's.

    Args:
        losses: How wrong each row's prediction is, shape (n,).
        inside: Which rows are in the slice, shape (n,).
        units: The resampling unit of each row, whole numbers from 0, shape (n,).
    """
    count = int(units.max()) + 1 if len(units) else 0
    sums = np.zeros(count)
    sides: list[tuple[float, float, int]] = []
    for side, sign in ((inside, 1.0), (~inside, -1.0)):
        own, codes = losses[side], units[side]
        sizes = np.bincount(codes, minlength=count)
        present = int((sizes > 0).sum())
        if present < LEAST_UNITS:
            return _unknown(losses, inside, present)
        mean = float(own.sum() / len(own))
        scale = sign * math.sqrt(present / (present - 1)) / len(own)
        sums += scale * (np.bincount(codes, weights=own, minlength=count) - mean * sizes)
        sides.append(
            (mean, float(len(own)) ** 2 / float((sizes.astype(float) ** 2).sum()), present)
        )
    (loss, effective, present), (rest, others, _) = sides
    return Excess(
        value=loss - rest,
        error=float(np.sqrt((sums**2).sum())),
        degrees=min(effective, others) - 1.0,
        rows=int(inside.sum()),
        units=present,
        effective=effective,
        loss=loss,
        rest=rest,
    )


def log_p_values(t: Floats, degrees: Floats) -> Floats:
    """Compute log one-sided p-values of Student's t, any size, by Wallace's normal approximation.

    Wallace, Bounds on Normal Approximations to Student's and the Chi-Square Distributions (1959);
    good to some percent, which is enough to rank by.
    """
    scaled = np.sqrt(degrees * np.log1p(t**2 / degrees))
    normal = np.sign(t) * scaled * (8 * degrees + 1) / (8 * degrees + 3)
    return np.asarray(log_ndtr(-normal), dtype=np.float64)


def dense(units: Codes) -> Codes:
    """Number units from 0 without gaps."""
    return Units.from_codes(units).codes


def _unknown(losses: Floats, inside: Mask, units: int) -> Excess:
    loss = float(losses[inside].mean()) if inside.any() else math.nan
    rest = float(losses[~inside].mean()) if not inside.all() else math.nan
    return Excess(loss - rest, math.nan, 0.0, int(inside.sum()), units, 0.0, loss, rest)
