"""Assign every row to train, validation or test."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.errors import DataError
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.groups import assign_groups
from experiment_cycle.splitting.options import GROUPED, Ratios, SplittingOptions, check_splitting
from experiment_cycle.splitting.rounding import cell_sizes

SPLIT = "split"
PARTS = ("train", "validation", "test")

Codes = npt.NDArray[np.int64]


def assign(
    snapshot: Snapshot, columns: Columns, options: SplittingOptions, seed: int
) -> pd.DataFrame:
    """Give every row of the dataset its part.

    Strategies that know no groups meet the ratios to the row; a stratified one does so within each
    class, give or take one row. Groups are never divided: sizes come as near to the ratios as the
    sizes of the groups allow. The result depends on the target, the groups and the seed alone.

    Args:
        snapshot: The dataset.
        columns: The roles of the columns.
        options: Strategy and ratios.
        seed: Where all random choices come from.

    Returns:
        One row for each of the dataset, indexed by `__row__`, with the column `split`: categorical,
        one of train, validation, test.

    Raises:
        ConfigurationError: strategy and columns contradict each other; see `check_splitting`.
        DataError: there are too few rows or groups for every part to get some of each class.
    """
    check_splitting(columns, options)
    grouped = options.strategy in GROUPED
    stratified = options.strategy.startswith("stratified")
    wanted = [columns.target, columns.group] if grouped and columns.group else [columns.target]
    frame = snapshot.to_pandas(list(dict.fromkeys(wanted)))
    classes, levels = pd.factorize(frame[columns.target], sort=True)
    ratios = shares(options.ratios)
    random = np.random.default_rng(seed)
    strata = classes.astype(np.int64) if stratified else np.zeros(len(frame), dtype=np.int64)
    if grouped:
        part = assign_groups(columns.groups(frame), classes, ratios, random, stratified=stratified)
    else:
        part = _assign_rows(strata, ratios, random)
    _check_classes(part, classes.astype(np.int64), [str(level) for level in levels], options)
    split = pd.Categorical.from_codes(part, categories=pd.Index(PARTS))
    return pd.DataFrame({SPLIT: split}, index=pd.RangeIndex(len(frame), name=ROW))


def shares(ratios: Ratios) -> npt.NDArray[np.float64]:
    """List the ratios in the order of `PARTS`, shape (3,)."""
    return np.array([getattr(ratios, part) for part in PARTS], dtype=np.float64)


def _assign_rows(
    strata: Codes, ratios: npt.NDArray[np.float64], random: np.random.Generator
) -> Codes:
    """Shuffle the rows of each stratum and cut them at the sizes its parts get."""
    sizes = cell_sizes(np.bincount(strata), ratios)
    shuffled = random.permutation(len(strata))
    by_stratum = shuffled[np.argsort(strata[shuffled], kind="stable")]
    part = np.empty(len(strata), dtype=np.int64)
    part[by_stratum] = np.repeat(np.tile(np.arange(len(PARTS)), len(sizes)), sizes.ravel())
    return part


def _check_classes(
    part: Codes, classes: Codes, levels: list[str], options: SplittingOptions
) -> None:
    counts = np.bincount(part * len(levels) + classes, minlength=len(PARTS) * len(levels))
    empty = np.argwhere(counts.reshape(len(PARTS), len(levels)) == 0)
    if not len(empty):
        return
    lacking = "; ".join(f"{PARTS[i]} has no row of the class '{levels[j]}'" for i, j in empty)
    many = np.bincount(classes, minlength=len(levels))
    have = ", ".join(
        f"'{level}' has {count:,} rows" for level, count in zip(levels, many, strict=True)
    )
    units = " in groups that stay whole" if options.strategy in GROUPED else ""
    remedy = (
        ""
        if options.strategy.startswith("stratified")
        else (f", or set 'splitting.strategy' to stratified{'_group' if units else ''}")
    )
    raise DataError(
        f"The data are too few for this split ({options.strategy}): {lacking}. Of {len(part):,} "
        f"rows{units}, {have}. Next step: get more data, give the small parts a larger share in "
        f"'splitting.ratios'{remedy}."
    )
