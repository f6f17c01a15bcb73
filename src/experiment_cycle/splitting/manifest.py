"""Cut the dataset by its assignment, and record what the split is."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.errors import IntegrityError
from experiment_cycle.row_keys import hash_rows
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.records import SplitManifest, SplitPart
from experiment_cycle.splitting.strategies import PARTS, SPLIT

SIZE_TOLERANCE = 0.005
"""By how much (a share of all rows) a part may be off and still have the size asked for."""


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


def part_codes(assignment: pd.DataFrame) -> npt.NDArray[np.int8]:
    """Number the part of each row, shape (n,), in the order of the dataset: 0 for `PARTS[0]`."""
    split = assignment.sort_index()[SPLIT]
    return np.asarray(pd.Categorical(split, categories=list(PARTS)).codes, dtype=np.int8)


def check_assignment(snapshot: Snapshot, assignment: pd.DataFrame) -> None:
    """Check that an assignment names every row of the dataset once, and a part for each.

    Raises:
        IntegrityError: it does not.
    """
    if not _every_row_once(assignment, snapshot.rows):
        raise IntegrityError(
            f"The split assignment ({len(assignment):,} rows) does not fit the dataset "
            f"({snapshot.rows:,} rows): it must name every row once, with one of "
            f"{', '.join(PARTS)}. The data have changed since they were split. Next step: split "
            "them again with `kedro run --pipelines=splitting`."
        )


def describe_split(
    snapshot: Snapshot,
    assignment: pd.DataFrame,
    columns: Columns,
    options: SplittingOptions,
    seed: int,
    content_hash: str,
) -> SplitManifest:
    """Record how the rows were assigned, and prove of the result what holds.

    The guarantees are read off the assignment, whatever the strategy promises: `every_row_once`,
    `every_class_in_every_part`, `sizes_as_requested` (within half a percentage point), and
    `groups_undivided` where a group column is declared.

    Args:
        snapshot: The dataset.
        assignment: The part of each row, as `assign` returns it.
        columns: The roles of the columns.
        options: What was asked for.
        seed: Where the random choices came from.
        content_hash: The digest of the dataset's content hash.

    Raises:
        IntegrityError: the assignment is not one of this dataset.
    """
    check_assignment(snapshot, assignment)
    names = list(dict.fromkeys(filter(None, (columns.target, columns.group))))
    frame = snapshot.to_pandas(names)
    part = part_codes(assignment)
    positive = columns.labels(frame[columns.target])
    groups = None if columns.group is None else columns.groups(frame)
    parts = {name: _part(part == code, positive, groups) for code, name in enumerate(PARTS)}
    requested = options.ratios.model_dump()
    guarantees = {
        "every_row_once": _every_row_once(assignment, snapshot.rows),
        "every_class_in_every_part": all(0 < each.positive_share < 1 for each in parts.values()),
        "sizes_as_requested": all(
            abs(each.share - requested[name]) <= SIZE_TOLERANCE for name, each in parts.items()
        ),
    }
    if groups is not None:
        guarantees["groups_undivided"] = not len(divided_groups(part, groups))
    identity = [content_hash, [[name, each.rows_hash] for name, each in parts.items()]]
    return SplitManifest(
        hash=hashlib.sha256(json.dumps(identity, separators=(",", ":")).encode()).hexdigest(),
        content_hash=content_hash,
        strategy=options.strategy,
        seed=seed,
        requested=requested,
        parts=parts,
        guarantees=guarantees,
        override_reason=options.override_reason,
    )


def divided_groups(
    part: npt.NDArray[np.int8], groups: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Find the groups that have rows in more than one part.

    Args:
        part: The part of each row, shape (n,); see `part_codes`.
        groups: The group of each row, shape (n,), numbered from 0.
    """
    count = int(groups.max(initial=-1)) + 1
    held = np.zeros(count, dtype=np.int64)
    for code in range(len(PARTS)):
        present = np.zeros(count, dtype=bool)
        present[groups[part == code]] = True
        held += present
    return np.flatnonzero(held > 1)


def _part(
    inside: npt.NDArray[np.bool_],
    positive: npt.NDArray[np.int8],
    groups: npt.NDArray[np.int64] | None,
) -> SplitPart:
    rows = np.flatnonzero(inside)
    return SplitPart(
        rows=len(rows),
        share=len(rows) / max(1, len(inside)),
        groups=None if groups is None else len(np.unique(groups[rows])),
        positive_share=float(positive[rows].mean()) if len(rows) else 0.0,
        rows_hash=hash_rows(rows),
    )


def _every_row_once(assignment: pd.DataFrame, rows: int) -> bool:
    index = assignment.index.to_numpy()
    return bool(
        assignment.index.name == ROW
        and np.array_equal(np.sort(index), np.arange(rows))
        and assignment[SPLIT].isin(PARTS).all()
    )
