"""Which test rows a model has seen, told from the keys of all rows that influenced it.

A test row counts as seen if a seen row shares its group, its identifier or its query, or, where
the split is one in time, if it is not later than the last seen row and its label's horizon. Rows
that are known by their values alone are counted: of test rows with the same values, as many are
seen as the model has seen such rows beyond those that the present training rows account for. So
the twins that chance makes in a table of few possible values are no overlap, and a model trained
on the test rows themselves is found however many twins there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.splitting.timed_keys import MOMENT

Mask = npt.NDArray[np.bool_]
OnOverlap = Literal["refuse", "restrict", "retrain"]
"""What becomes of a comparison whose incumbent has seen test rows."""

KEYS = ("features", "row", "unit")
"""What has to be known of each seen row; see `row_keys`."""
VALUES, TIME = "values", "time"


@dataclass(frozen=True, eq=False)
class SeenTests:
    """The test rows a model has seen, by what tells so.

    Attributes:
        by: For each declared role (`group`, `identifier`, `query`), `time` and `values` that
            applies: which test rows are seen, shape (n,).
        alike: Test rows with the values of one that counts as seen by them, shape (n,).
        whole: The key of what is kept whole of each test row, shape (n,); None: rows are free.
        allowed: The share of test rows that may be seen by their values: single copies happen.
    """

    by: dict[str, Mask]
    alike: Mask
    whole: npt.NDArray[np.uint64] | None
    allowed: float

    @property
    def faults(self) -> dict[str, int]:
        """Count the seen test rows, for each way that is beyond what is allowed."""
        found = {way: int(mask.sum()) for way, mask in self.by.items()}
        limit = self.allowed * len(next(iter(self.by.values())))
        return {
            way: count
            for way, count in found.items()
            if count and not (way == VALUES and count <= limit)
        }

    @property
    def rows(self) -> Mask:
        """Every test row that may be a seen one, and all kept whole with it, shape (n,)."""
        seen: Mask = np.logical_or.reduce([*self.by.values(), self.alike])
        return seen if self.whole is None else np.isin(self.whole, self.whole[seen])


def find_seen(
    tests: pd.DataFrame,
    seen: pd.DataFrame,
    present: pd.DataFrame,
    columns: Columns,
    allowed: float = 0.0,
    horizon: timedelta | float | None = None,
    *,
    in_time: bool = False,
) -> SeenTests:
    """Look for test rows among the rows a model has seen.

    Args:
        tests: Keys of the test rows (see `row_keys`).
        seen: Keys of every row that influenced the model.
        present: Keys of the rows outside test that the present split trains and validates on; for
            a model made of them, the same as `seen`.
        columns: The roles of the columns.
        allowed: Share of test rows that may be seen by their values.
        horizon: How long after its moment a row's label is known.
        in_time: The present split is one in time: no test row may be as old as a seen one.
    """
    by = {
        role: np.isin(tests[key].to_numpy(), seen[key].to_numpy())
        for role, key in _declared(columns).items()
        if key in tests.columns and key in seen.columns
    }
    late = _not_later(tests, seen, horizon) if in_time else None
    if late is not None:
        by[TIME] = late
    names = ["features", "row"] if columns.identifier is None else ["features"]
    spare = [_spare(tests, seen, present, key) for key in names]
    place = [tests.groupby(key, sort=False).cumcount().to_numpy() for key in names]
    by[VALUES] = np.logical_or.reduce([at < left for at, left in zip(place, spare, strict=True)])
    alike: Mask = np.logical_or.reduce([left > 0 for left in spare])
    held = columns.group is not None or columns.query is not None
    return SeenTests(by, alike, tests["unit"].to_numpy() if held else None, allowed)


def are_known(seen: pd.DataFrame) -> bool:
    """Tell whether a table of seen rows tells anything."""
    return not seen.empty and all(key in seen.columns for key in KEYS)


def _declared(columns: Columns) -> dict[str, str]:
    """Name the key of each declared role."""
    query = "unit" if columns.group is None else "query"
    keys = {"group": "unit", "identifier": "row", "query": query}
    return {role: key for role, key in keys.items() if getattr(columns, role) is not None}


def _not_later(
    tests: pd.DataFrame, seen: pd.DataFrame, horizon: timedelta | float | None
) -> Mask | None:
    """Tell which test rows are not later than the last seen one; None where moments lack."""
    if MOMENT not in tests.columns or MOMENT not in seen.columns:
        return None
    tested, last = tests[MOMENT], seen[MOMENT].max()
    if pd.api.types.is_numeric_dtype(tested) != pd.api.types.is_numeric_dtype(seen[MOMENT]):
        return None
    late: Mask = (tested <= last).to_numpy(dtype=np.bool_)
    if horizon is not None:
        late = late | (tested < last + horizon).to_numpy(dtype=np.bool_)
    return late


def _spare(
    tests: pd.DataFrame, seen: pd.DataFrame, present: pd.DataFrame, key: str
) -> npt.NDArray[np.int64]:
    """Count for each test row how many seen rows of its key the present ones do not account for."""
    counted = seen[key].value_counts(sort=False)
    accounted = present[key].value_counts(sort=False).reindex(counted.index, fill_value=0)
    left = (counted - accounted).reindex(tests[key].to_numpy(), fill_value=0)
    return np.asarray(left, dtype=np.int64)
