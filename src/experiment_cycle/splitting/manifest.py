"""Cut the dataset by its assignment, and record what the split is."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.problem import Task
from experiment_cycle.row_keys import hash_keys, hash_rows, row_keys
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.guarantees import Result, prove, prove_folds
from experiment_cycle.splitting.inherit import NEW, ChampionSplit, Inheritance, inherit, settings_of
from experiment_cycle.splitting.options import GROUPED, TIMED, SplittingOptions
from experiment_cycle.splitting.parts import (
    PARTS,
    PURGED,
    REASONS,
    SPLIT,
    check_assignment,
    every_row_once,
    part_codes,
    purged_rows,
)
from experiment_cycle.splitting.records import Deviation, Inherited, SplitManifest, SplitPart
from experiment_cycle.splitting.rounding import largest_remainder
from experiment_cycle.splitting.rows import Rows, shares
from experiment_cycle.splitting.timed_keys import timed_keys
from experiment_cycle.splitting.units import divided_units

__all__ = [
    "check_assignment",
    "describe_split",
    "divided_groups",
    "part_codes",
    "split_frames",
    "split_keys",
]

TWO = 2
"""Classes of a target that can be positive."""

logger = logging.getLogger(__name__)


def split_frames(
    snapshot: Snapshot, assignment: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Cut the dataset into train, validation and test, each indexed by `__row__`.

    Raises:
        IntegrityError: the assignment is not one of this dataset.
    """
    check_assignment(snapshot, assignment)
    frame = snapshot.to_pandas()
    part = part_codes(assignment)
    train, validation, test = (frame[part == code] for code in range(len(PARTS)))
    return train, validation, test


def split_keys(snapshot: Snapshot, assignment: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """List the keys of every row (see `timed_keys`) with its part, the column `split`.

    By it a later split finds each row again, whatever its position is then.
    """
    check_assignment(snapshot, assignment)
    keys = timed_keys(snapshot.to_pandas(), columns)
    split = pd.Categorical.from_codes(part_codes(assignment), categories=pd.Index([*PARTS, PURGED]))
    return keys.assign(**{SPLIT: split})


def describe_split(  # noqa: PLR0913 - all that a split depends on
    snapshot: Snapshot,
    assignment: pd.DataFrame,
    columns: Columns,
    options: SplittingOptions,
    seed: int,
    content_hash: str,
    *,
    champion: ChampionSplit | None = None,
    folds: pd.DataFrame | None = None,
    task: Task | None = None,
) -> SplitManifest:
    """Record how the rows were assigned, and prove of the result what holds.

    The guarantees are read off the assignment, whatever the strategy promises; see `prove`.

    Args:
        snapshot: The dataset.
        assignment: The part of each row, as `assign` returns it.
        columns: The roles of the columns.
        options: What was asked for.
        seed: Where the random choices came from.
        content_hash: The digest of the dataset's content hash.
        champion: The champion's split, as `assign` got it.
        folds: The folds drawn for these parts, if any; see `draw_folds`.
        task: What the target is predicted as; None: what it looks like.

    Raises:
        IntegrityError: the assignment is not one of this dataset.
    """
    check_assignment(snapshot, assignment)
    frame = snapshot.to_pandas()
    keys = row_keys(frame, columns)
    old = inherit(champion, keys, columns, options, quiet=True)
    rows = Rows(frame, columns, options, old, task)
    taken = None if old is None else old.champion
    part = part_codes(assignment)
    result = Result(part, frame, rows.strata, rows.moments, keys, columns, options, taken)
    parts = {name: _part(result, code) for code, name in enumerate(PARTS)}
    purged = purged_rows(assignment)
    deviations = tuple(_deviations(parts, options, purged, inherits=old is not None))
    _log(deviations)
    return SplitManifest(
        hash=split_hash(content_hash, parts),
        content_hash=content_hash,
        strategy=options.strategy,
        task=task,
        seed=seed,
        requested=options.ratios.model_dump(),
        parts=parts,
        guarantees={
            "every_row_once": every_row_once(assignment, len(part)),
            **prove(result),
            **({} if folds is None else prove_folds(folds, result)),
        },
        override_reason=options.override_reason,
        purged=purged,
        deviations=deviations,
        boundaries=_boundaries(rows),
        settings=settings_of(columns, options),
        inherited=None if old is None else _inherited(old),
    )


def split_hash(content_hash: str, parts: dict[str, SplitPart]) -> str:
    """Hash what a split is: the content of the dataset and the rows of every part."""
    identity = [content_hash, [[name, each.rows_hash] for name, each in parts.items()]]
    return hashlib.sha256(json.dumps(identity, separators=(",", ":")).encode()).hexdigest()


def divided_groups(
    part: npt.NDArray[np.int8], groups: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Find the groups that have rows in more than one part.

    Args:
        part: The part of each row, shape (n,); see `part_codes`.
        groups: The group of each row, shape (n,), numbered from 0.
    """
    return divided_units(part, groups, len(PARTS))


def _part(result: Result, code: int) -> SplitPart:
    rows = np.flatnonzero(result.part == code)
    target = result.frame[result.columns.target]
    groups = result.units("group")
    positive = None
    if not result.strata.binned and len(result.strata.levels) <= TWO:
        labels = result.columns.labels(target)
        positive = float(labels[rows].mean()) if len(rows) else 0.0
    mean = float(target.iloc[rows].mean()) if result.strata.binned and len(rows) else None
    return SplitPart(
        rows=len(rows),
        share=len(rows) / max(1, len(result.part)),
        groups=None if groups is None else len(np.unique(groups[rows])),
        positive_share=positive,
        target_mean=mean,
        rows_hash=hash_rows(rows),
        keys_hash=hash_keys(result.keys["row"].to_numpy(dtype=np.uint64)[rows]),
    )


def _deviations(
    parts: dict[str, SplitPart],
    options: SplittingOptions,
    purged: dict[str, int],
    *,
    inherits: bool,
) -> Iterator[Deviation]:
    total = sum(part.rows for part in parts.values()) + sum(purged.values())
    asked = largest_remainder(total, shares(options.ratios))
    for name, requested in zip(PARTS, asked.tolist(), strict=False):
        if parts[name].rows != requested:
            yield Deviation(
                part=name,
                requested=requested,
                got=parts[name].rows,
                reason=_reason(options, purged, inherits=inherits),
            )


def _log(deviations: tuple[Deviation, ...]) -> None:
    for each in deviations:
        logger.info(
            "%s has %d rows where %d were asked for: %s.",
            each.part,
            each.got,
            each.requested,
            each.reason,
        )


def _reason(options: SplittingOptions, purged: dict[str, int], *, inherits: bool) -> str:
    lost = "; ".join(
        f"{rows:,} rows are in no part ({REASONS[name]})" for name, rows in purged.items()
    )
    if lost and options.strategy in TIMED and not inherits:
        return lost
    if inherits:
        reason = "old rows stay where the champion's split put them"
    elif options.strategy == "predefined":
        reason = f"the column '{options.column}' says so"
    elif options.strategy == "key_hash":
        reason = "a hash meets the ratios on average only"
    elif options.strategy in TIMED:
        reason = "rows of one moment stay together"
    else:
        reason = f"{'groups' if options.strategy in GROUPED else 'queries'} stay whole"
    return f"{reason}; {lost}" if lost else reason


def _boundaries(rows: Rows) -> dict[str, str | float]:
    if rows.options.strategy not in TIMED or rows.moments is None:
        return {}
    cuts = zip(PARTS[1:], rows.cuts, strict=False)
    return {name: rows.moments.written(cut) for name, cut in cuts}


def _inherited(old: Inheritance) -> Inherited:
    champion, rows = old.champion, old.rows
    known = int((rows != NEW).sum())
    return Inherited(
        version=champion.version,
        split=champion.manifest.hash,
        old_rows=known,
        new_rows=len(rows) - known,
    )
