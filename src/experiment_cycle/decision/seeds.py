"""Whether the effect is one of the training, or of the seed it was done with."""

from __future__ import annotations

import math

import numpy as np

from experiment_cycle.decision.criteria import improvement
from experiment_cycle.decision.paired import PairedPredictions
from experiment_cycle.decision.records import SeedEffects
from experiment_cycle.metrics.catalogue import measure

MOST_FLIPPED = 0.25
"""Where a greater share of the further seeds has another sign, that is a warning."""


def spread_over_seeds(name: str, paired: PairedPredictions) -> SeedEffects | None:
    """Measure the improvement by every training of one logical run against the same incumbent.

    The comparison is of two fitted models; this is about the procedure that fits them, of which the
    seed is one source of variation (Bouthillier et al. 2021).

    Args:
        name: The metric of the primary criterion.
        paired: Predictions of the incumbent and of every training of the challenger.

    Returns:
        None where there is one training only.
    """
    if not paired.seeds:
        return None
    effect = improvement(name).effect
    other = measure(name, paired.models["incumbent"])
    own = [measure(name, paired.models[model]) for model in ("challenger", *paired.seeds)]
    effects = [effect(value, other) for value in own]
    defined = [value for value in effects if math.isfinite(value)]
    first, *further = np.sign(effects)
    return SeedEffects(
        metric=name,
        effects=tuple(value if math.isfinite(value) else None for value in effects),
        mean=float(np.mean(defined)) if defined else None,
        standard_deviation=float(np.std(defined, ddof=1)) if len(defined) > 1 else None,
        flipped=_share_of_others(first, further),
    )


def _share_of_others(first: float, further: list[float]) -> float:
    """Tell which share has another sign than the first; what is not defined has none."""
    signs = [sign for sign in further if not math.isnan(sign)]
    if math.isnan(first) or not signs:
        return 0.0
    return sum(sign != first for sign in signs) / len(further)
