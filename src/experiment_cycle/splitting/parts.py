"""The parts of a split, and the table that says which row is in which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.columns import ROW
from experiment_cycle.errors import IntegrityError
from experiment_cycle.snapshot import Snapshot

SPLIT = "split"
REASON = "reason"
PARTS = ("train", "validation", "test")
PURGED = "purged"
"""The word for a row that is in no part."""
OUT = len(PARTS)
"""The code of `PURGED`."""
REASONS = {
    "label_horizon": "the label is not known before the next part begins",
    "feature_lookback": "the features reach back into the part before",
    "group_elsewhere": "the group is kept in another stretch of time",
    "query_not_whole": "another row of the query is in no part, or in another one",
    "bridges": "the unit also has rows in an earlier part of the champion's split",
    "purged_before": "the champion's split left the row out as well",
}
"""Why a row can be in no part, and the words for it."""

Part = npt.NDArray[np.int8]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Placement:
    """The part of each row while it is being decided; both arrays have shape (n,).

    Attributes:
        part: 0 for `PARTS[0]` and so on; `OUT` for a row in no part.
        reason: Position in `REASONS` of why the row is in no part; -1 for all others.
    """

    part: Part
    reason: Part

    @classmethod
    def of(cls, part: npt.NDArray[np.integer]) -> Placement:
        """Begin with a part for each row."""
        codes = part.astype(np.int8)
        return cls(codes, np.full(len(codes), -1, dtype=np.int8))

    def purge(self, rows: Mask, reason: str) -> None:
        """Take rows, shape (n,), out of the part they are in; those in none keep their reason."""
        leaving = rows & (self.part != OUT)
        self.part[leaving] = OUT
        self.reason[leaving] = list(REASONS).index(reason)

    def to_frame(self) -> pd.DataFrame:
        """Make the split assignment: see `assign`."""
        index = pd.RangeIndex(len(self.part), name=ROW)
        if not (self.part == OUT).any():
            split = pd.Categorical.from_codes(self.part, categories=pd.Index(PARTS))
            return pd.DataFrame({SPLIT: split}, index=index)
        split = pd.Categorical.from_codes(self.part, categories=pd.Index([*PARTS, PURGED]))
        reason = pd.Categorical.from_codes(self.reason, categories=pd.Index(list(REASONS)))
        return pd.DataFrame({SPLIT: split, REASON: reason}, index=index)


def part_codes(assignment: pd.DataFrame) -> Part:
    """Number the part of each row, shape (n,), in the order of the dataset.

    0 for `PARTS[0]` and so on; `OUT`, greater than all of them, for a row in no part.
    """
    return word_codes(assignment.sort_index()[SPLIT], (*PARTS, PURGED))


def word_codes(column: pd.Series, words: tuple[str, ...]) -> Part:
    """Number the values of a column by their position in `words`, shape (n,); -1 for any other."""
    plain = not isinstance(column.dtype, pd.CategoricalDtype)
    held = column.astype("category").cat if plain else column.cat
    position = pd.Index(words, dtype=object).get_indexer(held.categories.astype(object))
    # a missing value has the code -1, which here is the last place
    return np.append(position, -1).astype(np.int8)[held.codes.to_numpy()]


def purged_rows(assignment: pd.DataFrame) -> dict[str, int]:
    """Count the rows in no part by reason, in the order of `REASONS`."""
    if REASON not in assignment.columns:
        return {}
    counts = assignment[REASON][assignment[SPLIT] == PURGED].value_counts()
    return {name: int(counts[name]) for name in REASONS if counts.get(name, 0)}


def every_row_once(assignment: pd.DataFrame, rows: int) -> bool:
    """Tell whether an assignment names each of so many rows once, with a word that is known."""
    index = assignment.index.to_numpy()
    return bool(
        assignment.index.name == ROW
        and np.array_equal(np.sort(index), np.arange(rows))
        and assignment[SPLIT].isin([*PARTS, PURGED]).all()
    )


def check_assignment(snapshot: Snapshot, assignment: pd.DataFrame) -> None:
    """Check that an assignment names every row of the dataset once, and a part for each.

    Raises:
        IntegrityError: it does not.
    """
    if not every_row_once(assignment, snapshot.rows):
        raise IntegrityError(
            f"The split assignment ({len(assignment):,} rows) does not fit the dataset "
            f"({snapshot.rows:,} rows): it must name every row once, with one of "
            f"{', '.join((*PARTS, PURGED))}. The data have changed since they were split. Next "
            "step: split them again with `kedro run --pipelines=splitting`."
        )
