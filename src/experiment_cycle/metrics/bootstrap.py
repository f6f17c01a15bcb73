"""Bootstrap of many metrics at once, over resampling units, without ever copying a row.

A resample is a count per unit, so a metric of the resample is the weighted metric of the rows as
they stand: rows are sorted once, and all metrics share the counts. Exact, not binned.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from experiment_cycle.metrics.catalogue import metric
from experiment_cycle.metrics.ranking import RANKED, Ranking
from experiment_cycle.metrics.ratios import Ratio, ratio
from experiment_cycle.metrics.units import Units

Counts = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

CHUNK = 1 << 17
"""Counts held at once: small enough for the running sums to stay in the processor's cache."""


def replicate_weights(units: Units, replicates: int, seed: int) -> Counts:
    """Draw how often each row occurs in each resample; units are drawn with replacement.

    Args:
        units: Which rows stand or fall together.
        replicates: How many resamples.
        seed: The same seed draws the same resamples, however many follow.

    Returns:
        Whole numbers, shape (replicates, n).
    """
    drawn = [counts[:, units.codes] for counts in _resamples(units, replicates, seed)]
    return np.concatenate(drawn)


def bootstrap(
    names: Sequence[str],
    target: npt.ArrayLike,
    probability: npt.ArrayLike,
    units: Units,
    replicates: int,
    seed: int,
    threshold: float = 0.5,
) -> dict[str, Floats]:
    """Compute metrics on resamples of the units (Efron 1979; by cluster, Field and Welsh 2007).

    Args:
        names: Some of `known_metrics()`.
        target: 0 or 1 per row, shape (n,).
        probability: Predicted probability of 1 per row, shape (n,).
        units: Which rows stand or fall together.
        replicates: How many resamples.
        seed: Draws the resamples of `replicate_weights` with the same seed.
        threshold: A row is called positive from this probability on.

    Returns:
        For each name its values, shape (replicates,); nan where a resample leaves it undefined.

    Raises:
        ConfigurationError: there is no metric of one of these names.
    """
    ratios = [metric(name).name for name in names if name not in RANKED]
    ranked = [name for name in names if name in RANKED]
    summed = _Ratios([ratio(name, target, probability, threshold) for name in ratios], units)
    ordered = _Ranked(Ranking.of(target, probability), target, units)
    values: dict[str, list[Floats]] = {name: [] for name in names}
    for counts in _resamples(units, replicates, seed):
        found = dict(zip(ratios, summed.values(counts), strict=True))
        if ranked:
            found |= ordered.values(counts, ranked)
        for name, chunk in found.items():
            values[name].append(chunk)
    return {name: np.concatenate(chunks) for name, chunks in values.items()}


def _resamples(units: Units, replicates: int, seed: int) -> Iterator[Counts]:
    """Yield counts per unit, shape (chunk, units); the chunks do not change what is drawn."""
    generator = np.random.default_rng(seed)
    size = max(1, CHUNK // max(len(units.codes), 1))
    for start in range(0, replicates, size):
        chunk = min(size, replicates - start)
        drawn = generator.integers(0, units.count, size=(chunk, units.count))
        drawn += np.arange(chunk)[:, None] * units.count
        counts = np.bincount(drawn.reshape(-1), minlength=chunk * units.count)
        yield counts.astype(np.int32).reshape(chunk, units.count)


class _Ratios:
    """Sums by unit of every numerator and denominator, so that a resample is one product."""

    def __init__(self, ratios: Sequence[Ratio], units: Units) -> None:
        sides = [side for each in ratios for side in (each.numerator, each.denominator)]
        sums = [np.bincount(units.codes, weights=side, minlength=units.count) for side in sides]
        self._sums = np.stack(sums) if sums else np.empty((0, units.count))

    def values(self, counts: Counts) -> list[Floats]:
        """Compute each ratio on each resample, shape (chunk,)."""
        # not `@`: how BLAS adds up depends on its number of threads
        sums = np.einsum("kg,cg->kc", self._sums, counts.astype(np.float64))
        with np.errstate(divide="ignore", invalid="ignore"):
            return list(sums[0::2] / sums[1::2])


class _Ranked:
    """Rows in the order of their predictions; only blocks that hold a positive row count."""

    def __init__(self, ranking: Ranking, target: npt.ArrayLike, units: Units) -> None:
        positive = np.asarray(target)[ranking.order].astype(np.bool_)
        self._units = units.codes[ranking.order]
        self._positive_units = self._units[positive]
        kept = np.diff(ranking.positives, prepend=0.0) > 0
        self._rows = _bounds(ranking.rows, kept)
        self._positives = _bounds(ranking.positives, kept)

    def values(self, counts: Counts, names: Sequence[str]) -> dict[str, Floats]:
        """Compute each named metric on each resample, shape (chunk,)."""
        rows = _running(counts, self._units)
        positives = _running(counts, self._positive_units)
        total, all_positives = rows[:, -1:].astype(np.float64), positives[:, -1:]
        negatives = total - all_positives
        before, upto = (positives[:, at] for at in self._positives)
        inside = (upto - before).astype(np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            found = {}
            if "average_precision" in names:
                precision = upto / np.maximum(rows[:, self._rows[1]], 1)
                found["average_precision"] = _dot(inside, precision) / all_positives[:, 0]
            if "roc_auc" in names:
                above = rows[:, self._rows[0]] + rows[:, self._rows[1]] - before - upto
                pairs = _dot(inside, 2.0 * negatives - above)
                found["roc_auc"] = pairs / (2.0 * all_positives[:, 0] * negatives[:, 0])
        return found


def _bounds(
    running: Floats, kept: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Say where each kept block begins and ends in a running sum that starts with 0."""
    ends = running.astype(np.int64)
    return np.concatenate([[0], ends[:-1]])[kept].astype(np.int64), ends[kept]


def _running(counts: Counts, units: npt.NDArray[np.int64]) -> Counts:
    """Sum counts over rows in their order, from 0, shape (chunk, rows + 1)."""
    running = np.zeros((len(counts), len(units) + 1), dtype=np.int32)
    np.cumsum(np.take(counts, units, axis=1), axis=1, out=running[:, 1:])
    return running


def _dot(left: Floats, right: Floats) -> Floats:
    """Multiply and add up along the blocks, shape (chunk,)."""
    return np.asarray(np.einsum("ij,ij->i", left, right), dtype=np.float64)
