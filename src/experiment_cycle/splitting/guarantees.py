"""What holds of a split: read off the result, whatever the strategy promises."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.splitting.folds import fold_rows, repeats_of
from experiment_cycle.splitting.inherit import ChampionSplit, old_parts
from experiment_cycle.splitting.key_hash import place_by_hash, unit_hashes
from experiment_cycle.splitting.moments import Moments
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.parts import OUT, PARTS, Part
from experiment_cycle.splitting.rows import shares
from experiment_cycle.splitting.scarcity import count_cells
from experiment_cycle.splitting.target import Strata
from experiment_cycle.splitting.time import in_order, spans
from experiment_cycle.splitting.units import Codes, divided_units, kept_whole, number_units

SIZE_TOLERANCE = 0.005
"""By how much (a share of all rows) a part may be off and still have the size asked for."""


@dataclass(frozen=True, eq=False)
class Result:
    """A finished split and the data it was made of.

    Attributes:
        part: The part of each row, shape (n,); see `part_codes`.
        frame: The whole dataset.
        strata: The class or target bin of each row.
        moments: When each row is predicted; None where no time column is declared.
        keys: The keys of the rows; see `row_keys`.
        columns: The roles of the columns.
        options: What was asked for.
        champion: The champion's split, if it was taken over.
    """

    part: Part
    frame: pd.DataFrame
    strata: Strata
    moments: Moments | None
    keys: pd.DataFrame
    columns: Columns
    options: SplittingOptions
    champion: ChampionSplit | None

    def units(self, role: str) -> Codes | None:
        """Number the groups or queries of the rows, shape (n,); None where none are declared."""
        name = getattr(self.columns, role)
        return None if name is None else number_units(self.frame, [name])


def prove(result: Result) -> dict[str, bool]:
    """Find what holds, apart from that every row is named once.

    `sizes_as_requested` means within half a percentage point; what concerns a declared column, a
    stretch of time or a champion is left out where there is none.
    """
    part, options = result.part, result.options
    parts = len(shares(options.ratios))
    kind = "target_bin" if result.strata.binned else "class"
    found = {
        f"every_{kind}_in_every_part": _has_all(part, result.strata, parts),
        "sizes_as_requested": bool(
            (np.abs(_sizes(part) / max(1, len(part)) - _requested(options)) <= SIZE_TOLERANCE).all()
        ),
    }
    for role, name in (("group", "groups_undivided"), ("query", "queries_undivided")):
        units = result.units(role)
        if units is not None:
            torn = len(divided_units(part, units, len(PARTS))) > 0
            found[name] = not torn and (role == "group" or not _lost_some(part, units))
    found |= _in_time(result)
    if options.strategy == "predefined":
        words = result.frame[str(options.column)].astype(object).to_numpy()
        found["column_obeyed"] = bool((np.array([*PARTS, ""], dtype=object)[part] == words).all())
    if options.strategy == "key_hash":
        found["placed_by_key"] = _placed_by_key(result)
    if result.champion is not None:
        old = old_parts(result.champion, result.keys)
        known = (old >= 0) & (part != OUT)
        found["old_rows_not_moved"] = bool((part[known] == old[known]).all())
    return found


def prove_folds(folds: pd.DataFrame, result: Result) -> dict[str, bool]:
    """Find what holds in every fold of every repeat; nothing where there are no folds.

    `folds_disjoint`: no row trains and tests at once, and neither kind is lacking. `folds_outside_
    test`: no row of test or of no part is in a fold. The others are left out where no such column
    is declared.
    """
    repeats = repeats_of(folds)
    if not repeats:
        return {}
    outside = (result.part == OUT) | (result.part == PARTS.index("test"))
    units = {role: result.units(role) for role in ("group", "query")}
    gap = 0 if result.moments is None else max(spans(result.moments, result.options))
    found = {"folds_disjoint": True, "folds_outside_test": True}
    found |= {f"folds_keep_{role}": True for role in units if units[role] is not None}
    found |= {"folds_ordered_in_time": True} if result.moments is not None else {}
    for repeat in range(1, repeats + 1):
        for fold in range(1, int(folds[f"repeat_{repeat}"].max()) + 1):
            trains, tests = fold_rows(folds, repeat, fold)
            both = bool(trains.any() and tests.any() and not (trains & tests).any())
            found["folds_disjoint"] &= both
            found["folds_outside_test"] &= not bool((outside & (trains | tests)).any())
            for role, codes in units.items():
                if codes is not None:
                    shared = np.intersect1d(codes[trains], codes[tests])
                    found[f"folds_keep_{role}"] &= not len(shared)
            if result.moments is not None:
                side = np.where(trains, 0, np.where(tests, 1, OUT)).astype(np.int8)
                found["folds_ordered_in_time"] &= in_order(side, result.moments, gap)
    return found


def _sizes(part: Part) -> npt.NDArray[np.int64]:
    return np.bincount(part, minlength=len(PARTS) + 1)[: len(PARTS)]


def _requested(options: SplittingOptions) -> npt.NDArray[np.float64]:
    return np.array([getattr(options.ratios, name) for name in PARTS])


def _has_all(part: Part, strata: Strata, parts: int) -> bool:
    return bool((count_cells(part, strata)[:parts] > 0).all())


def _lost_some(part: Part, units: Codes) -> bool:
    """Tell whether of some unit a few rows are in a part and others in none."""
    count = int(units.max(initial=-1)) + 1
    lost = np.bincount(units[part == OUT], minlength=count)
    return bool(((lost > 0) & (lost < np.bincount(units, minlength=count))).any())


def _in_time(result: Result) -> dict[str, bool]:
    moments = result.moments
    if moments is None:
        return {}
    found = {"ordered_in_time": in_order(result.part, moments)}
    for key, span in zip(
        ("label_horizon", "feature_lookback"), spans(moments, result.options), strict=True
    ):
        if span:
            found[f"gaps_cover_{key}"] = in_order(result.part, moments, span)
    return found


def _placed_by_key(result: Result) -> bool:
    options = result.options
    keys = unit_hashes(result.frame, result.columns, kept_whole(result.columns, options))
    hashed = place_by_hash(keys, shares(options.ratios), options.split_salt)
    inside = result.part != OUT
    return bool((result.part[inside] == hashed[inside]).all())
