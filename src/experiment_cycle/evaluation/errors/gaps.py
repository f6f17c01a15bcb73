"""The gaps between groups, with intervals: Fairlearn's for two classes, and those of metrics."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from experiment_cycle.evaluation.errors.group_counts import (
    GroupCounts,
    group_rates,
    normal_draws,
)
from experiment_cycle.evaluation.estimates import TOLERATED_UNDEFINED
from experiment_cycle.evaluation.records import Estimate
from experiment_cycle.metrics.outcomes import Floats
from experiment_cycle.metrics.units import Units

GAPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "demographic_parity_difference": ("difference", ("selection_rate",)),
    "demographic_parity_ratio": ("ratio", ("selection_rate",)),
    "equalized_odds_difference": ("difference", ("true_positive_rate", "false_positive_rate")),
    "equalized_odds_ratio": ("ratio", ("true_positive_rate", "false_positive_rate")),
    "equal_opportunity_difference": ("difference", ("true_positive_rate",)),
    "equal_opportunity_ratio": ("ratio", ("true_positive_rate",)),
}
"""Fairlearn's gaps: the worst of these rates, by their difference or ratio between the groups."""

LEAST_GROUPS = 2
TOO_FEW = "no gaps: fewer than two levels have enough rows"
ALL_ZERO = "a rate is 0 in every group"

Gaps = dict[str, Estimate]


@dataclass(frozen=True, eq=False)
class Measured:
    """One metric in the compared groups: its values, shape (groups,), and replicates of them.

    `resampled` has the shape (replicates, groups). What is not defined is nan.
    """

    values: Floats
    resampled: Floats


def rates_of(
    counted: GroupCounts, resampled: Floats, compared: Sequence[int]
) -> dict[str, Measured]:
    """Compute the rates of the compared groups, and of the same groups in each resample.

    Args:
        counted: All groups.
        resampled: Their counts in resamples, shape (replicates, groups, 2, 2).
        compared: Which groups.
    """
    chosen = list(compared)
    drawn = group_rates(resampled[:, chosen])
    return {
        name: Measured(values, drawn[name])
        for name, values in group_rates(counted.counts[chosen]).items()
    }


def around(
    values: Floats,
    contributions: Sequence[Floats],
    codes: Sequence[npt.NDArray[np.int64]],
    units: Units,
    replicates: int,
    generator: np.random.Generator,
) -> Measured:
    """Draw what a metric would be in the groups had other units been sampled.

    From Student's t around the values with the covariance of the groups' influences summed by unit
    (which holds what units with rows in several groups make them share): the linearised bootstrap.

    Args:
        values: Of the compared groups, nan where undefined, shape (groups,).
        contributions: Of each group, the influence of its rows on its value.
        codes: Of each group, the unit of these rows.
        units: All units.
        replicates: How many draws.
        generator: Draws them.
    """
    sizes = [len(each) for each in codes]
    place = np.repeat(np.arange(len(values)), sizes)
    entries = (np.concatenate(contributions), (place, np.concatenate(codes)))
    sums = sparse.coo_array(entries, (len(values), max(units.count, 1))).tocsr()
    factor = units.count / max(units.count - 1, 1)
    drawn = normal_draws((sums @ sums.T).toarray() * factor, replicates, generator)
    degrees = max(units.degrees_of_freedom, 1.0)
    scale = np.sqrt(generator.chisquare(degrees, replicates) / degrees)
    return Measured(values, values + drawn / scale[:, None])


def fairlearn_gaps(
    rates: Mapping[str, Measured], names: Sequence[str], confidence: float
) -> tuple[Gaps, list[str]]:
    """Compute Fairlearn's gaps between the groups, and say why one is not defined.

    Args:
        rates: Of the compared groups.
        names: What the groups are called.
        confidence: Level of the two-sided percentile intervals.
    """
    gaps: Gaps = {}
    undefined = {rate: _undefined(rates[rate].values, names) for rate in _of_gaps()}
    notes = [
        f"{rate} is not defined for {', '.join(who)}" for rate, who in undefined.items() if who
    ]
    for gap, (side, parts) in GAPS.items():
        worst = np.max if side == "difference" else np.min
        value, resampled = (
            worst([_gap(side, each) for each in both], axis=0)
            for both in zip(*((rates[p].values, rates[p].resampled) for p in parts), strict=True)
        )
        why = next(
            (f"{part} is not defined in every group" for part in parts if undefined[part]), ALL_ZERO
        )
        gaps[gap] = _estimate(float(value), resampled, confidence, why)
        if gaps[gap].value is None and not any(undefined[part] for part in parts):
            notes.append(f"{gap} is not defined: {ALL_ZERO}")
    return gaps, notes


def differences(
    measured: Mapping[str, Measured], names: Sequence[str], confidence: float
) -> tuple[Gaps, list[str]]:
    """Take the difference between the greatest and the least value of each metric.

    Args:
        measured: Each metric in the compared groups.
        names: What the groups are called.
        confidence: Level of the two-sided percentile intervals.
    """
    gaps: Gaps = {}
    notes: list[str] = []
    for name, found in measured.items():
        undefined = _undefined(found.values, names)
        if undefined:
            notes.append(f"{name} is not defined for {', '.join(undefined)}")
        value, resampled = _gap("difference", found.values), _gap("difference", found.resampled)
        why = f"{name} is not defined in every group"
        gaps[f"{name}_difference"] = _estimate(float(value), resampled, confidence, why)
    return gaps, notes


def no_gaps(names: Iterable[str]) -> Gaps:
    """Say of each gap that there are no groups to compare."""
    return {name: Estimate(value=None, note=TOO_FEW) for name in names}


def _of_gaps() -> list[str]:
    return list(dict.fromkeys(rate for _, parts in GAPS.values() for rate in parts))


def _undefined(values: Floats, names: Sequence[str]) -> list[str]:
    return [name for name, value in zip(names, values, strict=True) if math.isnan(value)]


def _gap(side: str, values: Floats) -> Floats:
    """Take the difference or the ratio of the extremes, over the last axis; nan from any nan."""
    greatest, least = values.max(axis=-1), values.min(axis=-1)
    if side == "difference":
        return np.asarray(greatest - least)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(least / greatest)


def _estimate(value: float, resampled: Floats, confidence: float, why: str) -> Estimate:
    """Put the percentile interval around a gap."""
    if math.isnan(value):
        return Estimate(value=None, note=f"not defined: {why}")
    defined = resampled[np.isfinite(resampled)]
    share = 1 - len(defined) / len(resampled)
    if share > TOLERATED_UNDEFINED:
        return Estimate(value=value, note=f"no interval: undefined in {share:.0%} of the resamples")
    tail = (1 - confidence) / 2
    lower, upper = np.quantile(defined, [tail, 1 - tail])
    return Estimate(value=value, lower=float(lower), upper=float(upper))
