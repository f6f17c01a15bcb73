"""Parts that follow each other in time, and the rows between them that belong to neither."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from experiment_cycle.errors import DataError
from experiment_cycle.splitting.moments import Moment, Moments, Values
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.parts import PARTS, Placement
from experiment_cycle.splitting.rounding import largest_remainder

Cuts = tuple[Moment, ...]
"""The first moment of each part but the first; parts whose share is 0 come last and have none."""


def find_cuts(moments: Moments, ratios: npt.NDArray[np.float64]) -> Cuts:
    """Find the moments at which the parts begin, so that sizes come nearest to the ratios.

    Rows of one moment are never divided.

    Args:
        moments: When each row is predicted.
        ratios: The shares of the parts, shape (k,), without those that are 0.

    Raises:
        DataError: there are fewer moments than parts.
    """
    ends = np.cumsum(largest_remainder(len(moments.values), ratios))[:-1]
    cuts = _nearest_cuts(moments.values, ends)
    return _some_cuts(moments, ends) if cuts is None else cuts


def _nearest_cuts(values: Values, ends: npt.NDArray[np.int64]) -> Cuts | None:
    """Find the cuts without sorting all rows; None if a part would be left empty that way."""
    inside = ends[(ends > 0) & (ends < len(values))]
    if len(inside) < len(ends):
        return None
    placed = np.partition(values, inside)
    cuts: list[Moment] = []
    for end in inside.tolist():
        at = placed[end]
        below, above = int((values < at).sum()), int((values <= at).sum())
        if end - below <= above - end or above == len(values):
            cuts.append(at.item())
        else:
            cuts.append(values[values > at].min().item())
    steps = [values.min().item(), *cuts]
    return tuple(cuts) if all(a < b for a, b in zip(steps, cuts, strict=False)) else None


def _some_cuts(moments: Moments, ends: npt.NDArray[np.int64]) -> Cuts:
    """Find cuts that leave no part empty, each in turn as near as it may be."""
    found, counts = np.unique(moments.values, return_counts=True)
    parts = len(ends) + 1
    if len(found) < parts:
        raise DataError(
            f"The time column '{moments.column}' has {len(found)} moments, which cannot be cut "
            f"into {parts} parts: rows of one moment stay together. Next step: name a column that "
            "tells moments apart more finely in 'columns.time', or set 'splitting.strategy' to "
            "another one and say why in 'splitting.override_reason'."
        )
    before = np.concatenate([[0], np.cumsum(counts)])
    chosen: list[int] = []
    for number, end in enumerate(ends):
        first = chosen[-1] + 1 if chosen else 1
        last = len(found) - (len(ends) - number)
        chosen.append(first + int(np.argmin(np.abs(before[first : last + 1] - end))))
    return tuple(found[position].item() for position in chosen)


def windows(values: Values, cuts: Cuts) -> npt.NDArray[np.int8]:
    """Tell between which cuts each row lies, shape (n,): 0 before the first."""
    window = np.zeros(len(values), dtype=np.int8)
    for cut in cuts:
        window += values >= cut
    return window


def purge_between(
    placement: Placement, moments: Moments, cuts: Cuts, options: SplittingOptions
) -> None:
    """Take out the rows that would connect a part with the one before it.

    An earlier row leaves if its label is known only after the later part has begun (purge), then a
    later one if its features reach back to the last moment of an earlier part (embargo); see López
    de Prado, Advances in Financial Machine Learning (2018), section 7.4.

    Raises:
        ConfigurationError: a stretch is not written as the time column is.
    """
    horizon, lookback = spans(moments, options)
    values, part = moments.values, placement.part
    if horizon:
        for later, cut in enumerate(cuts, start=1):
            placement.purge((part < later) & (values + horizon > cut), "label_horizon")
    if lookback:
        for later in range(1, len(cuts) + 1):
            earlier = values[part < later]
            if len(earlier):
                reaches = values < earlier.max() + lookback
                placement.purge((part == later) & reaches, "feature_lookback")


def spans(moments: Moments, options: SplittingOptions) -> tuple[Moment, Moment]:
    """Give label horizon and feature lookback in the unit of the time column."""
    return (
        moments.span(options.label_horizon, "label_horizon"),
        moments.span(options.feature_lookback, "feature_lookback"),
    )


def in_order(part: npt.NDArray[np.int8], moments: Moments, gap: Moment = 0) -> bool:
    """Tell whether each part begins later than all before it end, and so much later at least.

    Args:
        part: The part of each row, shape (n,); see `part_codes`.
        moments: When each row is predicted.
        gap: What has to lie between the end of a part and the beginning of a later one.
    """
    latest: Moment | None = None
    for code in range(len(PARTS)):
        inside = moments.values[part == code]
        if not len(inside):
            continue
        first = inside.min().item()
        if latest is not None and (first <= latest or first < latest + gap):
            return False
        latest = inside.max().item() if latest is None else max(latest, inside.max().item())
    return True
