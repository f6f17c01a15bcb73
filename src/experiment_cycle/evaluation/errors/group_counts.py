"""Rows counted by group, truth and call: all that a rate of calls depends on, resampled as such.

Fairlearn's `MetricFrame` computes the same from the rows, group by group and metric by metric.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from experiment_cycle.metrics.bootstrap import replicate_weights
from experiment_cycle.metrics.classification import called
from experiment_cycle.metrics.outcomes import Floats, Outcomes
from experiment_cycle.metrics.units import Units

Codes = npt.NDArray[np.int64]

SIDES = (2, 2)
"""Truth, then call: no, yes."""
MANY_UNITS = 20_000
"""Of more groups of rows, sums over resamples are drawn from their normal limit."""
CHUNK = 1 << 22


@dataclass(frozen=True, eq=False)
class GroupCounts:
    """The cell of every row, and the rows in each cell, shape (groups, 2, 2)."""

    cells: Codes
    counts: Floats

    @classmethod
    def of(cls, groups: Codes, count: int, outcomes: Outcomes) -> GroupCounts:
        """Count the rows of a binary problem.

        Args:
            groups: The group of each row, shape (n,).
            count: How many groups there are.
            outcomes: Of the same rows.
        """
        truth = np.asarray(outcomes.target).astype(np.int64)
        cells = (groups * 2 + truth) * 2 + called(outcomes)
        counts = np.bincount(cells, minlength=count * 4).reshape(count, *SIDES)
        return cls(cells, counts.astype(np.float64))

    def resampled(self, units: Units, replicates: int, seed: int) -> Floats:
        """Count again in resamples of the units, shape (replicates, groups, 2, 2).

        Where every row is a unit of its own, the counts of a resample are multinomial; else units
        are drawn with replacement. Sums over more than `MANY_UNITS` units are drawn from the normal
        distribution that they then have.

        Args:
            units: The resampling units of the same rows.
            replicates: How many resamples.
            seed: Draws them.
        """
        flat = self.counts.reshape(-1)
        generator = np.random.default_rng(seed)
        shape = (replicates, *self.counts.shape)
        if units.count == len(self.cells):
            shares = flat / flat.sum()
            drawn = generator.multinomial(len(self.cells), shares, size=replicates)
            return drawn.astype(np.float64).reshape(shape)
        entries = (np.ones(len(self.cells)), (self.cells, units.codes))
        sums = sparse.coo_array(entries, (len(flat), units.count)).tocsr()
        if units.count > MANY_UNITS:
            return _limit(sums, flat, replicates, generator).reshape(shape)
        return _drawn(sums, replicates, seed).reshape(shape)


def group_rates(counts: Floats) -> dict[str, Floats]:
    """Compute the rates of every group under Fairlearn's names; nan where a group has no such row.

    Args:
        counts: Shape (..., groups, 2, 2): by truth, then by call.

    Returns:
        For each rate its values, shape (..., groups).
    """
    truth, calls = counts.sum(axis=-1), counts.sum(axis=-2)
    total = truth.sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        positive, negative = counts[..., 1, :] / truth[..., 1:], counts[..., 0, :] / truth[..., :1]
        return {
            "selection_rate": calls[..., 1] / total,
            "true_positive_rate": positive[..., 1],
            "false_positive_rate": negative[..., 1],
            "true_negative_rate": negative[..., 0],
            "false_negative_rate": positive[..., 0],
            "accuracy": (counts[..., 0, 0] + counts[..., 1, 1]) / total,
        }


def soft_counts(
    groups: Codes,
    count: int,
    target: Codes,
    chances: Floats,
    units: Units,
    replicates: int,
    generator: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Count calls that are made at random, by their chances, with resamples of the units.

    Args:
        groups: The group of each row, shape (n,).
        count: How many groups there are.
        target: 0 or 1, shape (n,).
        chances: The chance of each row to be called positive, shape (n,).
        units: The resampling units.
        replicates: How many resamples; their sums are drawn from the normal limit.
        generator: Draws them.

    Returns:
        Expected rows by group, truth and call, shape (groups, 2, 2), and in resamples, shape
        (replicates, groups, 2, 2).
    """
    no = (groups * 2 + np.asarray(target).astype(np.int64)) * 2
    entries = np.concatenate([1.0 - chances, chances])
    places = (np.concatenate([no, no + 1]), np.tile(units.codes, 2))
    sums = sparse.coo_array((entries, places), (count * 4, units.count)).tocsr()
    totals = np.asarray(sums.sum(axis=1), dtype=np.float64).reshape(-1)
    drawn = _limit(sums, totals, replicates, generator)
    return totals.reshape(count, *SIDES), drawn.reshape(replicates, count, *SIDES)


def normal_draws(covariance: Floats, replicates: int, generator: np.random.Generator) -> Floats:
    """Draw from the normal distribution around 0 with this covariance, shape (replicates, k)."""
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    drawn = generator.standard_normal((replicates, len(values)))
    return np.asarray(np.einsum("ij,kj->ik", drawn, root), dtype=np.float64)


def _limit(
    sums: sparse.csr_array, totals: Floats, replicates: int, generator: np.random.Generator
) -> Floats:
    squares = (sums @ sums.T).toarray()
    covariance = squares - np.outer(totals, totals) / sums.shape[1]
    return np.maximum(totals + normal_draws(covariance, replicates, generator), 0.0)


def _drawn(sums: sparse.csr_array, replicates: int, seed: int) -> Floats:
    units = sums.shape[1]
    weights = replicate_weights(Units.from_codes(np.arange(units)), replicates, seed)
    size = max(1, CHUNK // units)
    # a sparse product: how BLAS adds up depends on its number of threads
    chunks = [
        (sums @ np.ascontiguousarray(weights[start : start + size].T, dtype=np.float64)).T
        for start in range(0, replicates, size)
    ]
    return np.concatenate(chunks)
