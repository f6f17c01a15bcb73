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


def shuffled_parts(
    rows: int,
    strata: npt.NDArray[np.integer] | None,
    ratios: npt.NDArray[np.float64],
    random: np.random.Generator,
) -> npt.NDArray[np.int8]:
    """Give each row a part by chance, so that the sizes are those of `cell_sizes`, shape (n,).

    Args:
        rows: How many rows there are.
        strata: The stratum of each row, shape (n,), numbered from 0; None for a single one.
        ratios: The shares of the parts, shape (k,).
        random: The source of chance.
    """
    held = np.array([rows]) if strata is None else np.bincount(strata)
    labels = np.concatenate([_labels(row, random) for row in cell_sizes(held, ratios)])
    if strata is None:
        return labels
    part = np.empty(rows, dtype=np.int8)
    # small numbers are sorted by radix
    narrow = strata.astype(np.min_scalar_type(len(held)))
    part[np.argsort(narrow, kind="stable")] = labels
    return part


def _labels(sizes: Counts, random: np.random.Generator) -> npt.NDArray[np.int8]:
    """Draw labels 0 to k - 1, exactly so many of each, every order as likely as any other.

    Each is drawn on its own first; then as many as there are too many of one, chosen at random,
    become others. No row's place matters in either step, so that none does in the result; and it
    takes a third of the time of shuffling.
    """
    total = int(sizes.sum())
    draws = random.integers(0, 2**16, total, dtype=np.uint16)
    labels = np.zeros(total, dtype=np.int8)
    for end in np.cumsum(sizes)[:-1]:
        labels += draws >= min(2**16 - 1, round(2**16 * int(end) / max(1, total)))
    found = np.array([np.count_nonzero(labels == label) for label in range(len(sizes))])
    surplus = [
        random.choice(np.flatnonzero(labels == label), many, replace=False)
        for label, many in enumerate((found - sizes).tolist())
        if many > 0
    ]
    if surplus:
        wanted = np.repeat(np.arange(len(sizes), dtype=np.int8), np.maximum(sizes - found, 0))
        labels[random.permutation(np.concatenate(surplus))] = wanted
    return labels
