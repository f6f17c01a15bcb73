"""Bootstrap of many metrics at once, over resampling units, without ever copying a row.

A resample is a count per unit, so a metric of the resample is the weighted metric of the rows as
they stand: rows are sorted once, and all metrics share the counts. Exact, not binned.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse

from experiment_cycle.metrics.catalogue import check_outcomes
from experiment_cycle.metrics.layout import lay_out
from experiment_cycle.metrics.outcomes import Floats, Outcomes
from experiment_cycle.metrics.ranking import RANKED, Ranking, rankings
from experiment_cycle.metrics.sums import Sums
from experiment_cycle.metrics.units import Units

Counts = npt.NDArray[np.int32]

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
    names: Sequence[str], outcomes: Outcomes, units: Units, replicates: int, seed: int
) -> dict[str, Floats]:
    """Compute metrics on resamples of the units (Efron 1979; by cluster, Field and Welsh 2007).

    A ranking metric needs units of whole queries: a query's value is spread over its rows.

    Args:
        names: Metrics of the problem.
        outcomes: Targets and predictions.
        units: Which rows stand or fall together.
        replicates: How many resamples.
        seed: Draws the resamples of `replicate_weights` with the same seed.

    Returns:
        For each name its values, shape (replicates,); nan where a resample leaves it undefined.

    Raises:
        ConfigurationError: there is no metric of one of these names, or it is of another problem.
    """
    for name in names:
        check_outcomes(name, outcomes)
    ranked = [name for name in names if name in RANKED]
    laid_out = {name: lay_out(name, outcomes) for name in names if name not in RANKED}
    summed = _Summed(
        {name: each for name, each in laid_out.items() if isinstance(each, Sums)}, units
    )
    ordered = [
        _Ordered(ranking, positive, units)
        for positive, ranking in (rankings(outcomes) if ranked else ())
    ]
    values: dict[str, list[Floats]] = {name: [] for name in names}
    for counts in _resamples(units, replicates, seed):
        found = summed.values(counts)
        found |= _mean_of_classes([each.values(counts, ranked) for each in ordered])
        for name, chunk in found.items():
            values[name].append(chunk)
    return {name: np.concatenate(chunks) for name, chunks in values.items()}


def _resamples(units: Units, replicates: int, seed: int) -> Iterator[Counts]:
    """Yield counts per unit, shape (chunk, units); the chunks do not change what is drawn."""
    generator = np.random.default_rng(seed)
    if units.count == 0:
        yield np.zeros((replicates, 0), dtype=np.int32)
        return
    size = max(1, CHUNK // max(len(units.codes), 1))
    for start in range(0, replicates, size):
        chunk = min(size, replicates - start)
        drawn = generator.integers(0, units.count, size=(chunk, units.count))
        drawn += np.arange(chunk)[:, None] * units.count
        counts = np.bincount(drawn.reshape(-1), minlength=chunk * units.count)
        yield counts.astype(np.int32).reshape(chunk, units.count)


class _Summed:
    """All sums of all metrics by unit, so that a resample is one product."""

    def __init__(self, metrics: dict[str, Sums], units: Units) -> None:
        self._metrics = metrics
        sums = [each.by_unit(units) for each in metrics.values()]
        self._sums = sparse.vstack(sums, format="csr") if sums else None

    def values(self, counts: Counts) -> dict[str, Floats]:
        """Compute each metric on each resample, shape (chunk,)."""
        if self._sums is None:
            return {}
        # a sparse product: how BLAS adds up depends on its number of threads
        sums = self._sums @ np.ascontiguousarray(counts.T, dtype=np.float64)
        ends = np.cumsum([each.count for each in self._metrics.values()])
        parts = np.split(sums, ends[:-1])
        return {
            name: each.function.value(part)
            for (name, each), part in zip(self._metrics.items(), parts, strict=True)
        }


class _Ordered:
    """Rows in the order of their predictions; only blocks that hold a positive row count."""

    def __init__(self, ranking: Ranking, positive: npt.NDArray[np.bool_], units: Units) -> None:
        self._units = units.codes[ranking.order]
        self._positive_units = self._units[positive[ranking.order]]
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
            for name in names:
                if name == "average_precision":
                    precision = upto / np.maximum(rows[:, self._rows[1]], 1)
                    found[name] = _dot(inside, precision) / all_positives[:, 0]
                    continue
                above = rows[:, self._rows[0]] + rows[:, self._rows[1]] - before - upto
                pairs = _dot(inside, 2.0 * negatives - above)
                found[name] = pairs / (2.0 * all_positives[:, 0] * negatives[:, 0])
        return found


def _mean_of_classes(found: list[dict[str, Floats]]) -> dict[str, Floats]:
    """Average each metric over the classes in which a resample leaves it defined."""
    means = {}
    for name in found[0] if found else ():
        values = np.stack([each[name] for each in found])
        defined = ~np.isnan(values)
        with np.errstate(invalid="ignore"):
            means[name] = np.where(defined, values, 0.0).sum(axis=0) / defined.sum(axis=0)
    return means


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
