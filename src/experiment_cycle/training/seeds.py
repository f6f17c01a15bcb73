"""One logical run of several trainings: their seeds, and how much a metric varies over them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from experiment_cycle.metrics.catalogue import metric
from experiment_cycle.training.records import SeedSpread


def derive_seed(seed: int, place: int) -> int:
    """Give the seed of one training of a run: the run's own for the first, counted from 1."""
    if place == 1:
        return seed
    return int(np.random.SeedSequence([seed, place]).generate_state(1)[0])


def spread(name: str, values: Sequence[float]) -> SeedSpread:
    """Describe how a metric varies over the trainings of a run, at least two, in their order."""
    found = np.asarray(values, dtype=np.float64)
    worst = found.min() if metric(name).greater_is_better else found.max()
    return SeedSpread(
        metric=name,
        values=tuple(found.tolist()),
        mean=float(found.mean()),
        standard_deviation=float(found.std(ddof=1)),
        worst=float(worst),
    )
