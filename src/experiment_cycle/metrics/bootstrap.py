"""Bootstrap of many metrics at once, over resampling units, without ever copying a row.

A resample is a count per unit, so a metric of the resample is the weighted metric of the rows as
they stand, and all metrics share the counts. Exact up to `MOST_UNITS` units and `MOST_ORDERED`
rows. Beyond, units are drawn in blocks joined at random, and predictions are binned for the metrics
of their order: see `Units.in_blocks` and `Binned` for what that changes at most.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from experiment_cycle.metrics.catalogue import check_outcomes
from experiment_cycle.metrics.custom import Scored, affordable_replicates
from experiment_cycle.metrics.layout import Layout, lay_out
from experiment_cycle.metrics.middle import MedianError, ResampledMiddle
from experiment_cycle.metrics.outcomes import Floats, Outcomes
from experiment_cycle.metrics.ranking import RANKED, rankings
from experiment_cycle.metrics.resampled import Binned, Counts, Ordered, Summed
from experiment_cycle.metrics.sums import Sums
from experiment_cycle.metrics.units import Units

CHUNK = 1 << 17
"""Counts held at once: small enough for the running sums to stay in the processor's cache."""
BINNED_CHUNK = 1 << 19
"""The same where rows are binned, so that there are counts of units and bins only."""
MOST_UNITS = 8192
"""More units are drawn in blocks of several; a standard error changes by 0.8 % at most."""
MOST_ORDERED = 20_000
"""With more rows predictions are binned."""


def replicate_weights(units: Units, replicates: int, seed: int) -> Counts:
    """Draw how often each row occurs in each resample; units are drawn with replacement.

    Args:
        units: Which rows stand or fall together.
        replicates: How many resamples.
        seed: The same seed draws the same resamples, however many follow.

    Returns:
        Whole numbers, shape (replicates, n).
    """
    blocks = units.in_blocks(MOST_UNITS, seed)
    size = _chunk(blocks, CHUNK, len(blocks.codes))
    return np.concatenate(
        [counts[:, blocks.codes] for counts in _resamples(blocks, replicates, seed, size)]
    )


def bootstrap(
    names: Sequence[str], outcomes: Outcomes, units: Units, replicates: int, seed: int
) -> dict[str, Floats]:
    """Compute metrics on resamples of the units (Efron 1979; by cluster, Field and Welsh 2007).

    Moments in time are drawn in stretches (circular block bootstrap, Politis and Romano 1992). A
    ranking metric needs units of whole queries: a query's value is spread over its rows.

    Args:
        names: Metrics of the problem.
        outcomes: Targets and predictions.
        units: Which rows stand or fall together.
        replicates: How many resamples.
        seed: Draws the resamples of `replicate_weights` with the same seed.

    Returns:
        For each name its values, shape (replicates,); nan where a resample leaves it undefined. A
        metric of the user's own is computed on the first of the resamples only, as many as its
        loop can afford.

    Raises:
        ConfigurationError: there is no metric of one of these names, or it is of another problem.
    """
    for name in names:
        check_outcomes(name, outcomes)
    blocks = units.in_blocks(MOST_UNITS, seed)
    laid_out = {name: lay_out(name, outcomes) for name in names if name not in RANKED}
    ranked = [name for name in names if name in RANKED]
    values = _shared(laid_out, ranked, outcomes, blocks, replicates, seed)
    for name, each in laid_out.items():
        if isinstance(each, Scored):
            values[name] = _one_by_one(each, outcomes, blocks, replicates, seed)
    return {name: values[name] for name in names}


def _shared(
    laid_out: dict[str, Layout],
    ranked: list[str],
    outcomes: Outcomes,
    blocks: Units,
    replicates: int,
    seed: int,
) -> dict[str, Floats]:
    """Compute all metrics that know what to do with counts on the same resamples."""
    summed = Summed({name: m for name, m in laid_out.items() if isinstance(m, Sums)}, blocks)
    middles = [ResampledMiddle(m, blocks) for m in laid_out.values() if isinstance(m, MedianError)]
    binned = len(outcomes.target) > MOST_ORDERED
    kind = Binned if binned else Ordered
    ordered = [
        kind(ranking, positive, blocks)
        for positive, ranking in (rankings(outcomes) if ranked else ())
    ]
    width = Binned.BINS if binned else len(outcomes.target)
    size = _chunk(blocks, BINNED_CHUNK if binned else CHUNK, width)
    chunks: dict[str, list[Floats]] = {}
    for counts in _resamples(blocks, replicates, seed, size):
        found = summed.values(counts)
        for middle in middles:
            found |= middle.values(counts)
        found |= _mean_of_classes([each.values(counts, ranked) for each in ordered])
        for name, chunk in found.items():
            chunks.setdefault(name, []).append(chunk)
    return {name: np.concatenate(each) for name, each in chunks.items()}


def _one_by_one(
    scored: Scored, outcomes: Outcomes, blocks: Units, replicates: int, seed: int
) -> Floats:
    """Compute a metric that knows nothing of weights on rows drawn out."""
    rows = np.arange(len(outcomes.target))
    count = affordable_replicates(replicates, len(rows))
    return np.array(
        [
            scored.of(outcomes.rows(np.repeat(rows, counts[0][blocks.codes])))
            for counts in _resamples(blocks, count, seed, 1)
        ]
    )


def _chunk(blocks: Units, most: int, width: int) -> int:
    """Tell how many resamples are held at once."""
    return max(1, most // max(width, blocks.count, 1))


def _resamples(units: Units, replicates: int, seed: int, size: int) -> Iterator[Counts]:
    """Yield counts per unit, shape (chunk, units); `size`, the chunk, changes nothing drawn."""
    generator = np.random.default_rng(seed)
    if units.count == 0:
        yield np.zeros((replicates, 0), dtype=np.int32)
        return
    stretch = int(np.ceil(2.0 * units.count ** (1 / 3))) if units.in_time else 1
    draws = -(-units.count // stretch)
    for start in range(0, replicates, size):
        chunk = min(size, replicates - start)
        drawn = generator.integers(0, units.count, size=(chunk, draws))
        drawn += np.arange(chunk)[:, None] * units.count
        counts = np.bincount(drawn.reshape(-1), minlength=chunk * units.count)
        yield _stretched(counts.astype(np.int32).reshape(chunk, units.count), stretch)


def _stretched(starts: Counts, stretch: int) -> Counts:
    """Draw with each unit the ones that follow it, the first ones after the last."""
    if stretch == 1:
        return starts
    around = np.concatenate([starts[:, -(stretch - 1) :], starts], axis=1)
    running = np.cumsum(around, axis=1, dtype=np.int32)
    counts = running[:, stretch - 1 :].copy()
    counts[:, 1:] -= running[:, :-stretch]
    return counts


def _mean_of_classes(found: list[dict[str, Floats]]) -> dict[str, Floats]:
    """Average each metric over the classes in which a resample leaves it defined."""
    means = {}
    for name in found[0] if found else ():
        values = np.stack([each[name] for each in found])
        defined = ~np.isnan(values)
        with np.errstate(invalid="ignore"):
            means[name] = np.where(defined, values, 0.0).sum(axis=0) / defined.sum(axis=0)
    return means
