"""The share of rows of which something holds, and its interval."""

from __future__ import annotations

import math

from scipy.special import ndtri

from experiment_cycle.metrics.outcomes import Floats
from experiment_cycle.metrics.units import LEAST_UNITS, Units


def share_interval(holds: Floats, units: Units, confidence: float) -> tuple[float, float]:
    """Put Wilson's interval (1927) around a share, at the effective number of rows.

    Rows of one unit are alike, so the interval of n rows is that of fewer independent ones: as
    many as would have the standard error the units show (Dean and Pagano 2015).

    Args:
        holds: 1 where it holds, else 0, shape (n,), n at least 1.
        units: The resampling units of the same rows.
        confidence: Level of the two-sided interval.
    """
    share, effective = float(holds.mean()), units.effective
    if units.count >= LEAST_UNITS and 0.0 < share < 1.0:
        error = units.standard_error((holds - share) / len(holds))
        if error > 0.0:
            effective = min(float(len(holds)), share * (1.0 - share) / error**2)
    z = float(ndtri((1 + confidence) / 2))
    centre = (share + z**2 / (2 * effective)) / (1 + z**2 / effective)
    spread = math.sqrt(share * (1 - share) / effective + (z / (2 * effective)) ** 2)
    reach = z * spread / (1 + z**2 / effective)
    return max(centre - reach, 0.0), min(centre + reach, 1.0)
