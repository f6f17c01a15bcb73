"""Keep old rows where the champion's split put them, and place new ones by their own key."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.parts import OUT, PARTS, PURGED, SPLIT, Part, Placement, word_codes
from experiment_cycle.splitting.records import SplitManifest
from experiment_cycle.splitting.units import Codes, kept_whole

logger = logging.getLogger(__name__)

FREE = ("predefined", "key_hash")
"""Strategies by which each row's part follows from the row alone: there is nothing to inherit."""
NEW = -1
"""Code of a row or unit that the champion's split did not have."""


@dataclass(frozen=True, eq=False)
class ChampionSplit:
    """The split the champion was trained on.

    Attributes:
        version: The champion's version in the model registry.
        manifest: How its rows were assigned.
        keys: The keys of all its rows (see `row_keys`) with the column `split`.
    """

    version: int
    manifest: SplitManifest
    keys: pd.DataFrame

    @classmethod
    def of(cls, stored: dict[str, Any], keys: pd.DataFrame) -> ChampionSplit | None:
        """Read what was stored of it: version and manifest; None where nothing was."""
        if not stored:
            return None
        return cls(stored["version"], SplitManifest.model_validate(stored["manifest"]), keys)


@dataclass(frozen=True, eq=False)
class Inheritance:
    """What of the champion's split the present rows take over.

    Attributes:
        champion: The champion's split.
        keys: The keys of the present rows; see `row_keys`.
        names: The columns of `keys` that name what is kept whole: none, `unit`, `query` or both.
        rows: Where each row was, shape (n,); see `old_parts`.
    """

    champion: ChampionSplit
    keys: pd.DataFrame
    names: tuple[str, ...]
    rows: Part


def settings_of(columns: Columns, options: SplittingOptions) -> dict[str, str | float | None]:
    """Name all that a split must share with the champion's to go on with it; not the seed."""
    return {
        "strategy": options.strategy,
        **{f"ratios.{part}": share for part, share in options.ratios.model_dump().items()},
        "split_salt": options.split_salt,
        **{key: getattr(columns, key) for key in ("identifier", "group", "query", "time")},
    }


def inherit(
    champion: ChampionSplit | None,
    keys: pd.DataFrame,
    columns: Columns,
    options: SplittingOptions,
    *,
    quiet: bool = False,
) -> Inheritance | None:
    """Take over the champion's split; None, with a warning, if that cannot be.

    Args:
        champion: The champion's split; None where there is no champion.
        keys: The keys of the present rows; see `row_keys`.
        columns: The roles of the columns.
        options: Settings that differ from the champion's start a new split.
        quiet: Whether the warning has been given before.
    """
    level = logging.DEBUG if quiet else logging.WARNING
    if champion is None or not may_inherit(options):
        return None
    now, then = settings_of(columns, options), champion.manifest.settings
    other = [key for key in now if now[key] != then.get(key)]
    if other:
        told = ", ".join(f"{key} was {then.get(key)} and is {now[key]}" for key in other)
        logger.log(
            level,
            "The split starts anew, because its settings are not those of the champion's (version "
            "%d): %s. A champion trained on other rows cannot be compared with the challenger.",
            champion.version,
            told,
        )
        return None
    if not any(np.isin(keys[name], champion.keys[name]).any() for name in ("unit", "row")):
        logger.log(
            level,
            "The split starts anew, because not one row of the champion's (version %d) is found in "
            "the data: they are another dataset, or a column was added, dropped or changed its "
            "type. Rows are known by 'columns.identifier' or 'columns.group', else by all their "
            "values.",
            champion.version,
        )
        return None
    kept = kept_whole(columns, options)
    names = ["query" if name != columns.group and columns.group else "unit" for name in kept]
    return Inheritance(champion, keys, tuple(names), old_parts(champion, keys))


def may_inherit(options: SplittingOptions) -> bool:
    """Tell whether there is something that could be taken over."""
    return options.inherit == "champion" and options.strategy not in FREE


def old_parts(champion: ChampionSplit, keys: pd.DataFrame) -> Part:
    """Look up where each row was in the champion's split, shape (n,); `NEW` if it was not there.

    Rows of one key are told apart by their order: the first one now is the first one then. Where
    there are more of them now, the others go with the first one.
    """
    then = champion.keys
    parts = word_codes(then[SPLIT], (*PARTS, PURGED))
    codes = pd.factorize(np.concatenate([then["row"].to_numpy(), keys["row"].to_numpy()]))[0]
    before, present = codes[: len(then)], codes[len(then) :]
    count = np.bincount(before, minlength=int(codes.max(initial=-1)) + 1)
    begin = np.cumsum(count) - count
    ordered = parts[np.argsort(before, kind="stable")]
    found = np.full(len(keys), NEW, dtype=np.int8)
    known = count[present] > 0
    place = _occurrence(present)
    place[place >= count[present]] = 0
    found[known] = ordered[(begin[present] + place)[known]]
    return found


def _occurrence(codes: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
    """Count for each element how many equal ones come before it, shape (n,)."""
    order = np.argsort(codes, kind="stable")
    count = np.bincount(codes)
    place = np.empty(len(codes), dtype=np.int64)
    place[order] = np.arange(len(codes)) - np.repeat(np.cumsum(count) - count, count)
    return place


def place_rows(old: Inheritance, new: Part) -> Placement:
    """Leave old rows where they were, and give new ones the part in `new`, shape (n,)."""
    stays = (old.rows != NEW) & (old.rows != OUT)
    placement = Placement.of(np.where(stays, old.rows, new))
    placement.purge(old.rows == OUT, "purged_before")
    return placement


def place_units(old: Inheritance, units: Codes, new: Part) -> Part:
    """Leave old units where they were.

    A unit is known by the keys of its group and its query, and by its rows. One that bridges two
    parts of the champion's split gets the earlier one; see `drop_bridges`.

    Args:
        old: What is taken over.
        units: The unit of each row, shape (n,), numbered from 0.
        new: The part that each unit gets if it is new, shape (units,).

    Returns:
        The part of each unit, shape (units,).
    """
    earliest = np.full(len(new), OUT, dtype=np.int8)
    for found in (old.rows, *_by_unit_key(old)):
        known = (found != NEW) & (found != OUT)
        np.minimum.at(earliest, units[known], found[known])
    return np.where(earliest == OUT, new, earliest).astype(np.int8)


def drop_bridges(placement: Placement, old: Inheritance) -> None:
    """Take out rows that their unit would carry into another part than the one they were in.

    So a unit that would bridge train and test is dropped from test: the champion has seen one side
    of it. Rows that were in no part stay so.
    """
    before = old.rows.copy()
    for found in _by_unit_key(old):
        unknown = before == NEW
        before[unknown] = found[unknown]
    moved = (before != NEW) & (before != OUT) & (before != placement.part)
    placement.purge(moved, "bridges")
    placement.purge(old.rows == OUT, "purged_before")


def _by_unit_key(old: Inheritance) -> list[Part]:
    """Look up the earliest part of each row's group, or query, each of shape (n,)."""
    parts = word_codes(old.champion.keys[SPLIT], PARTS)
    found: list[Part] = []
    for name in old.names:
        then = pd.Series(parts, index=old.champion.keys[name].to_numpy())
        least = then[then >= 0].groupby(level=0).min()
        at = least.index.get_indexer(pd.Index(old.keys[name].to_numpy()))
        values = np.append(least.to_numpy(), NEW).astype(np.int8)
        found.append(values[at])
    return found
