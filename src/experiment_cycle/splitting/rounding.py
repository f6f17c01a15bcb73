"""Whole numbers of rows from shares that are not whole."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]


def largest_remainder(total: int, ratios: npt.NDArray[np.float64]) -> Counts:
    """Divide a number by shares, shape (k,): whole numbers that add up to it, each within one.

    Each share is rounded down; what is left goes to the largest remainders, the first of equal ones
    first (Hamilton's method).
    """
    exact = total * ratios
    # 0.15 * 20 is a little below 3: such a share is whole
    sizes = np.floor(exact + 1e-9).astype(np.int64)
    order = np.argsort(-(exact - sizes), kind="stable")
    sizes[order[: total - int(sizes.sum())]] += 1
    return sizes


def cell_sizes(strata: Counts, ratios: npt.NDArray[np.float64]) -> Counts:
    """Divide strata by shares so that each stratum and the whole come out right.

    Args:
        strata: Rows of each stratum, shape (s,).
        ratios: The shares of the parts, shape (k,); they add up to 1.

    Returns:
        Rows of each stratum in each part, shape (s, k). Rows add up to the strata, columns to
        `largest_remainder` of the total; each cell is within one row of its exact share.
    """
    exact = np.outer(strata, ratios)
    sizes = np.floor(exact + 1e-9).astype(np.int64)
    wanted = largest_remainder(int(strata.sum()), ratios) - sizes.sum(axis=0)
    left = strata - sizes.sum(axis=1)
    remainders = exact - sizes
    # the stratum with the most rows left chooses first, and takes the parts that want most: if
    # there is a way to meet all sums, this finds one (Gale 1957, Ryser 1957)
    for stratum in np.argsort(-left, kind="stable"):
        order = np.lexsort((-remainders[stratum], -wanted))
        taken = order[: left[stratum]]
        sizes[stratum, taken] += 1
        wanted[taken] -= 1
    return sizes
