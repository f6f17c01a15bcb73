"""Folds for cross-validation: drawn like the split, of the rows outside the test set."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.errors import DataError
from experiment_cycle.problem import Task
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.group_time import choose_homes, touched_windows
from experiment_cycle.splitting.groups import assign_groups
from experiment_cycle.splitting.options import TIMED, CrossValidation, SplittingOptions
from experiment_cycle.splitting.parts import PARTS, part_codes
from experiment_cycle.splitting.rounding import shuffled_parts
from experiment_cycle.splitting.rows import Rows
from experiment_cycle.splitting.time import find_cuts, spans, windows
from experiment_cycle.splitting.units import number_units

NO_PART = -1
TRAINS_FROM = "trains_from"
HOME = "home"

Numbers = npt.NDArray[np.int16]
Mask = npt.NDArray[np.bool_]


def draw_folds(
    snapshot: Snapshot,
    assignment: pd.DataFrame,
    columns: Columns,
    options: SplittingOptions,
    seed: int,
    task: Task | None = None,
) -> pd.DataFrame:
    """Give every row of train and validation its fold, anew for each repeat.

    Folds are made as the parts are: whole groups and queries, by class if the strategy is
    stratified. By time there is one block more than folds: each fold but the first block is tested
    by what was trained on the blocks before it, less the rows whose window reaches it.

    Args:
        snapshot: The dataset.
        assignment: The part of each row, as `assign` returns it.
        columns: The roles of the columns.
        options: The strategy, and how many folds and repeats.
        seed: Where all random choices come from.
        task: What the target is predicted as; None: what it looks like.

    Returns:
        One row for each of the dataset, indexed by `__row__`, with columns `repeat_1` and so on:
        the fold that tests the row, counted from 1; 0 if none does; -1 for rows of test and of no
        part. By time there is also `trains_from`, the first fold that may train on the row, and by
        group and time `home`, the one fold that may not. Without cross-validation no columns.

    Raises:
        DataError: there are too few rows, groups or moments for so many folds.
    """
    index = pd.RangeIndex(snapshot.rows, name=ROW)
    asked = options.cross_validation
    if asked is None:
        return pd.DataFrame(index=index)
    inside = part_codes(assignment) < PARTS.index("test")
    frame = Rows.read(snapshot, columns, options, None).frame[inside]
    rows = Rows(frame, columns, options, None, task)
    if options.strategy in TIMED or (options.strategy == "predefined" and columns.time):
        drawn = _in_time(rows, asked, seed)
    else:
        drawn = _by_chance(rows, asked, seed)
    folds = pd.DataFrame(NO_PART, index=index, columns=list(drawn), dtype=np.int16)
    for name, values in drawn.items():
        folds.loc[inside, name] = values
    return folds


def fold_rows(folds: pd.DataFrame, repeat: int, fold: int) -> tuple[Mask, Mask]:
    """Tell which rows train and which test in one fold of one repeat, each of shape (n,).

    Args:
        folds: As `draw_folds` returns them.
        repeat: Counted from 1.
        fold: Counted from 1.
    """
    number = folds[f"repeat_{repeat}"].to_numpy()
    tests = number == fold
    if TRAINS_FROM not in folds:
        return (number > 0) & ~tests, tests
    trains = (number != NO_PART) & (folds[TRAINS_FROM].to_numpy() <= fold)
    if HOME in folds:
        trains &= folds[HOME].to_numpy() != fold
    return trains, tests


def nested_fold_rows(
    folds: pd.DataFrame, repeat: int, fold: int, count: int
) -> tuple[Mask, Mask, Mask] | None:
    """Divide the rows that train in one fold once more, for tuning and early stopping inside it.

    By chance another fold of the repeat validates, the next one; by time the fold before does, with
    what may train for it, so that rows stay purged; the first fold in time has none before it.

    Args:
        folds: As `draw_folds` returns them.
        repeat: Counted from 1.
        fold: Counted from 1.
        count: How many folds a repeat has.

    Returns:
        Which rows train, validate and test, each of shape (n,); None where no rows can validate.
    """
    trains, tests = fold_rows(folds, repeat, fold)
    number = folds[f"repeat_{repeat}"].to_numpy()
    if TRAINS_FROM not in folds:
        validates = number == fold % count + 1
        return trains & ~validates, validates, tests
    if fold == 1:
        return None
    before, validates = fold_rows(folds, repeat, fold - 1)
    return before & trains, validates & trains, tests


def folds_of(folds: pd.DataFrame) -> int:
    """Count the folds of a repeat; 0 where there are none."""
    return int(folds["repeat_1"].max()) if "repeat_1" in folds else 0


def repeats_of(folds: pd.DataFrame) -> int:
    """Count the repeats; 0 where there are no folds."""
    return sum(str(name).startswith("repeat_") for name in folds.columns)


def _by_chance(rows: Rows, asked: CrossValidation, seed: int) -> dict[str, Numbers]:
    count = len(rows.frame) if rows.units is None else int(rows.units.max(initial=-1)) + 1
    if count < asked.folds:
        raise DataError(
            f"{asked.folds} folds cannot be made of {count} "
            f"{'rows' if rows.units is None else 'groups that stay whole'}. Next step: set "
            f"'splitting.cross_validation.folds' to {max(3, count)} or less, or get more data."
        )
    equal = np.full(asked.folds, 1 / asked.folds)
    strata = rows.strata.codes if rows.stratified else None
    drawn = {}
    for repeat in range(1, asked.repeats + 1):
        random = np.random.default_rng([seed, repeat])
        if rows.units is None:
            fold = shuffled_parts(len(rows.frame), strata, equal, random)
        else:
            fold = assign_groups(
                rows.units, rows.strata.codes, equal, random, stratified=rows.stratified
            )
        drawn[f"repeat_{repeat}"] = fold.astype(np.int16) + np.int16(1)
    return drawn


def _in_time(rows: Rows, asked: CrossValidation, seed: int) -> dict[str, Numbers]:
    """Cut the rows into one block more than folds; the first one is only trained on."""
    moments, blocks = rows.clock, asked.folds + 1
    cuts = find_cuts(moments, np.full(blocks, 1 / blocks))
    block = windows(moments.values, cuts)
    number = block.astype(np.int16)
    reach = moments.values + max(spans(moments, rows.options))
    first = np.searchsorted(np.asarray(cuts), reach, side="left")
    drawn = {TRAINS_FROM: (np.maximum(first, block) + 1).astype(np.int16)}
    if rows.units is not None and rows.columns.group is not None:
        touched = touched_windows(block, rows.units, blocks)[:, 1:]
        random = np.random.default_rng([seed, 1])
        chosen = choose_homes(touched, np.full(asked.folds, 1 / asked.folds), random) + 1
        home = np.where(touched.any(axis=1), chosen, 0)[rows.units].astype(np.int16)
        number = np.where(number == home, number, 0).astype(np.int16)
        drawn[HOME] = home
    if rows.columns.query is not None:
        queries = number_units(rows.frame, [rows.columns.query])
        held = touched_windows(block, queries, blocks)
        number[(held.sum(axis=1) > 1)[queries]] = NO_PART
    return {"repeat_1": number, **drawn}
