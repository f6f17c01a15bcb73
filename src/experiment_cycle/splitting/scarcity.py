"""Whether every part got rows enough, and what to do where not."""

from __future__ import annotations

import logging

import numpy as np
import numpy.typing as npt

from experiment_cycle.errors import DataError
from experiment_cycle.splitting.options import GROUPED, TIMED, SplittingOptions
from experiment_cycle.splitting.parts import OUT, PARTS, Part
from experiment_cycle.splitting.target import TWO, Strata

logger = logging.getLogger(__name__)

SHOWN = 6
"""Of so many classes a message tells."""


def check_enough(part: Part, strata: Strata, parts: int, options: SplittingOptions) -> None:
    """Check that every part has rows enough to learn or to measure something.

    A stratified split has rows of every class or target bin in every part. Any other one has every
    class in train and two of them in each part; what else is lacking is warned of.

    Args:
        part: The part of each row, shape (n,).
        strata: The class or bin of each row.
        parts: How many parts are to get rows.
        options: The strategy.

    Raises:
        DataError: a part is empty, or lacks a class it needs.
    """
    counts = count_cells(part, strata)
    lacking = _lacking(counts[:parts], strata)
    if options.strategy.startswith("stratified"):
        bare = lacking
    elif strata.binned:
        bare = [f"{PARTS[i]} has no row" for i in range(parts) if not counts[i].any()]
    else:
        present = (counts[:parts] > 0).sum(axis=1)
        needed = [i for i in range(parts) if i == 0 or present[i] < min(TWO, len(strata.levels))]
        bare = _lacking(counts[:parts], strata, needed)
    if not bare:
        if lacking and not strata.binned:
            _warn(lacking, options)
        return
    raise DataError(
        f"The data are too few for this split ({options.strategy}): {_listed(bare, '; ')}. Of "
        f"{len(part):,} rows{_units(options)}, {_have(strata)}{_left_out(counts)}. Next step: "
        f"{_remedy(options, left_out=bool(counts[OUT].any()))}."
    )


def count_cells(part: Part, strata: Strata) -> npt.NDArray[np.int64]:
    """Count the rows of each class or bin in each part and in none, shape (parts + 1, levels)."""
    levels = len(strata.levels)
    small = np.min_scalar_type(-(OUT + 1) * levels)
    cells = part.astype(small) * small.type(levels) + strata.codes.astype(small, copy=False)
    return np.bincount(cells, minlength=(OUT + 1) * levels).reshape(OUT + 1, levels)


def _warn(lacking: list[str], options: SplittingOptions) -> None:
    grouped = "_group" if options.strategy in GROUPED else ""
    logger.warning(
        "The split lacks classes: %s. Metrics there say nothing of them. Next step: set "
        "'splitting.strategy' to stratified%s if rows allow it, or join rare classes.",
        _listed(lacking, "; "),
        grouped,
    )


def _lacking(
    counts: npt.NDArray[np.int64], strata: Strata, parts: list[int] | None = None
) -> list[str]:
    """Name what each part lacks; `parts`: only those parts."""
    kind = "" if strata.binned else "the class "
    return [
        f"{PARTS[i]} has no row of {kind}'{strata.levels[j]}'"
        for i, j in np.argwhere(counts == 0).tolist()
        if parts is None or i in parts
    ]


def _units(options: SplittingOptions) -> str:
    return " in groups that stay whole" if options.strategy in GROUPED else ""


def _have(strata: Strata) -> str:
    """Count the rows of each level, the rarest first."""
    many = np.bincount(strata.codes, minlength=len(strata.levels))
    rarest = np.argsort(many, kind="stable").tolist()
    return _listed([f"'{strata.levels[i]}' has {many[i]:,} rows" for i in rarest], ", ")


def _listed(told: list[str], mark: str) -> str:
    more = [f"and {len(told) - SHOWN} more"] if len(told) > SHOWN else []
    return mark.join([*told[:SHOWN], *more])


def _left_out(counts: npt.NDArray[np.int64]) -> str:
    purged = int(counts[OUT].sum())
    return f"; {purged:,} belong to no part" if purged else ""


def _remedy(options: SplittingOptions, *, left_out: bool) -> str:
    if options.strategy == "predefined":
        return f"mend the column '{options.column}', or choose another 'splitting.strategy'"
    if options.strategy == "key_hash":
        return "get more data, or set 'splitting.split_salt' to another word"
    shares = "get more data, give the small parts a larger share in 'splitting.ratios'"
    if options.strategy in TIMED:
        shorter = (
            ", declare a shorter 'splitting.label_horizon' or 'splitting.feature_lookback' if that "
            "is true"
            if left_out
            else ""
        )
        anew = "or, where a champion's split is kept to, set 'splitting.inherit' to none"
        return f"{shares}{shorter}, {anew}"
    if options.strategy.startswith("stratified"):
        return shares
    grouped = "_group" if options.strategy in GROUPED else ""
    return f"{shares}, or set 'splitting.strategy' to stratified{grouped}"
