"""Assign every row to train, validation or test."""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.problem import Task
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.group_time import (
    choose_homes,
    homes_by_hash,
    place_in_windows,
    touched_windows,
)
from experiment_cycle.splitting.groups import assign_groups
from experiment_cycle.splitting.inherit import ChampionSplit, drop_bridges, place_rows, place_units
from experiment_cycle.splitting.key_hash import place_by_hash
from experiment_cycle.splitting.options import TIMED, SplittingOptions, check_splitting
from experiment_cycle.splitting.parts import OUT, PARTS, SPLIT, Part, Placement
from experiment_cycle.splitting.predefined import check_predefined, read_parts
from experiment_cycle.splitting.rounding import shuffled_parts
from experiment_cycle.splitting.rows import Rows, shares
from experiment_cycle.splitting.scarcity import check_enough
from experiment_cycle.splitting.time import purge_between, windows
from experiment_cycle.splitting.units import number_units

__all__ = ["PARTS", "SPLIT", "assign", "shares"]


def assign(
    snapshot: Snapshot,
    columns: Columns,
    options: SplittingOptions,
    seed: int,
    champion: ChampionSplit | None = None,
    task: Task | None = None,
) -> pd.DataFrame:
    """Give every row of the dataset its part.

    Strategies that know no groups meet the ratios to the row; a stratified one does so within each
    class, give or take one row. Groups are never divided: sizes come as near to the ratios as the
    sizes of the groups allow. Parts in time are cut at moments, and rows that would connect two
    parts are in none. A query is never divided, whatever the strategy.

    Args:
        snapshot: The dataset.
        columns: The roles of the columns.
        options: Strategy and ratios.
        seed: Where all random choices come from.
        champion: The champion's split, which old rows keep to where the options say so.
        task: What the target is predicted as; None: what it looks like.

    Returns:
        One row for each of the dataset, indexed by `__row__`, with the column `split`: categorical,
        one of train, validation, test. Where rows belong to no part, `split` has the fourth level
        `purged`, and a column `reason` says why (one of `REASONS`).

    Raises:
        ConfigurationError: strategy and columns contradict each other; see `check_splitting`.
        DataError: there are too few rows or groups for every part to get some of each class, or
            the data contradict the strategy.
    """
    check_splitting(columns, options)
    rows = Rows.read(snapshot, columns, options, champion, task)
    random = np.random.default_rng(seed)
    if options.strategy == "predefined":
        placement = _as_predefined(rows)
    elif options.strategy == "key_hash":
        placement = Placement.of(place_by_hash(rows.hashes, rows.ratios, options.split_salt))
    elif options.strategy in TIMED:
        placement = _in_time(rows, random)
    else:
        placement = _by_chance(rows, random)
    _keep_queries_whole(placement, rows)
    check_enough(placement.part, rows.strata, len(rows.ratios), options)
    return placement.to_frame()


def _by_chance(rows: Rows, random: np.random.Generator) -> Placement:
    """Shuffle rows or units and cut them at the ratios; old ones stay where they were."""
    old, salt = rows.inherited, rows.options.split_salt
    if old is not None and rows.units is None:
        return place_rows(old, place_by_hash(rows.hashes, rows.ratios, salt))
    if old is not None:
        new = place_by_hash(rows.unit_hashes, rows.ratios, salt)
        placement = Placement.of(place_units(old, rows.whole, new)[rows.whole])
        drop_bridges(placement, old)
        return placement
    if rows.units is None:
        strata = rows.strata.codes if rows.stratified else None
        return Placement.of(shuffled_parts(len(rows.frame), strata, rows.ratios, random))
    part = assign_groups(
        rows.units, rows.strata.codes, rows.ratios, random, stratified=rows.stratified
    )
    return Placement.of(part)


def _in_time(rows: Rows, random: np.random.Generator) -> Placement:
    """Cut the rows at moments; units stay in one stretch of time where the strategy says so."""
    window = windows(rows.clock.values, rows.cuts)
    if rows.options.strategy == "time":
        placement = Placement.of(window)
    else:
        placement = _in_one_window(rows, window, random)
    purge_between(placement, rows.clock, rows.cuts, rows.options)
    return placement


def _in_one_window(rows: Rows, window: Part, random: np.random.Generator) -> Placement:
    units, old = rows.whole, rows.inherited
    touched = touched_windows(window, units, len(rows.ratios))
    if old is None:
        return place_in_windows(window, units, choose_homes(touched, rows.ratios, random))
    new = homes_by_hash(touched, rows.unit_hashes, rows.ratios, rows.options.split_salt)
    placement = place_in_windows(window, units, place_units(old, units, new))
    drop_bridges(placement, old)
    return placement


def _as_predefined(rows: Rows) -> Placement:
    """Take the parts from their column, if it respects what is declared."""
    part = read_parts(rows.frame[str(rows.options.column)])
    groups, queries = (
        None if name is None else number_units(rows.frame, [name])
        for name in (rows.columns.group, rows.columns.query)
    )
    check_predefined(part, groups, queries, rows.moments, rows.options)
    return Placement.of(part)


def _keep_queries_whole(placement: Placement, rows: Rows) -> None:
    """Take out all rows of a query that lost one, or that time has divided."""
    if rows.columns.query is None:
        return
    queries = number_units(rows.frame, [rows.columns.query])
    count = int(queries.max(initial=-1)) + 1
    held = np.zeros((count, OUT + 1), dtype=bool)
    held[queries, placement.part] = True
    torn = held.sum(axis=1) > 1
    placement.purge(torn[queries], "query_not_whole")
