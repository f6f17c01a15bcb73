"""Find the test rows again in tables that have other rows than the one that is split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.errors import DataError
from experiment_cycle.splitting.parts import OUT, PARTS, PURGED, SPLIT, Part, part_codes

Mask = npt.NDArray[np.bool_]
TEST = PARTS.index("test")


@dataclass(frozen=True, eq=False)
class Cut:
    """The table that was split, and how.

    Attributes:
        frame: The table, in the order of its rows.
        part: The part of each row, shape (n,); see `part_codes`.
        columns: The roles of the columns.
    """

    frame: pd.DataFrame
    part: Part
    columns: Columns

    def find_test_rows(self, table: pd.DataFrame) -> tuple[Mask, str] | None:
        """Find the rows of a table that test rows, and no others, are made from.

        If the table has the rows of the one that was split, in their order, a row is known by its
        place; else by the identifier, group or query, where all rows of one are test rows.

        Returns:
            Which rows, shape (m,), and by what they are known; None if they cannot be told.
        """
        if self.has_same_rows(table):
            return self.part == TEST, "place"
        for name in self._keys():
            if name in table.columns:
                return table[name].isin(self._only_in_test(name)).to_numpy(), name
        return None

    def find_parts(self, table: pd.DataFrame) -> Part | None:
        """Find the part of each row of a table, shape (m,); None if it cannot be told."""
        if self.has_same_rows(table):
            return self.part
        if not any(name in table.columns for name in self._keys()):
            return None
        return part_codes(self.assign(table))

    def without_test_rows(self, table: pd.DataFrame) -> pd.DataFrame | None:
        """Leave the rows of a table that test rows are made from out; None if they are unknown."""
        keys = [name for name in self._keys() if name in table.columns]
        found = self.find_test_rows(table)
        if found is not None:
            kept: pd.DataFrame = table.loc[~found[0]]
            return kept
        if not keys and len(table) == len(self.part):
            kept = table.loc[self.part != TEST]
            return kept
        return None

    def has_same_rows(self, table: pd.DataFrame) -> bool:
        """Tell whether a table has the rows of the one that was split, in their order.

        It has if a column of both is the same: that of a key where there is one, else any that has
        more than one value.
        """
        if len(table) != len(self.frame):
            return False
        shared = [name for name in table.columns if name in self.frame.columns]
        shared = [name for name in self._keys() if name in shared][:1] or shared
        return any(
            self.frame[name].nunique() > 1 and _equal(table[name], self.frame[name])
            for name in shared
        )

    def assign(self, table: pd.DataFrame) -> pd.DataFrame:
        """Give the rows of the table made anew the part they had, and rows unknown none.

        Raises:
            DataError: rows came or went, and nothing is declared by which they could be known.
        """
        name = next((each for each in self._keys() if each in table.columns), None)
        if len(table) == len(self.frame) and (
            name is None or _equal(table[name], self.frame[name])
        ):
            return _as_assignment(self.part)
        if name is None:
            raise DataError(
                f"With other values in its test rows the table that is split has {len(table):,} "
                f"rows instead of {len(self.frame):,}, and its rows cannot be recognised. Next "
                "step: declare columns.identifier or columns.group."
            )
        first = pd.Series(self.part, index=self.frame[name].to_numpy())
        first = first[~first.index.duplicated()]
        found = first.reindex(table[name].to_numpy()).fillna(OUT).to_numpy(dtype=np.int8)
        return _as_assignment(found)

    def _keys(self) -> list[str]:
        named = (self.columns.identifier, self.columns.group, self.columns.query)
        return [name for name in named if name is not None and name in self.frame.columns]

    def _only_in_test(self, name: str) -> Any:
        values = self.frame[name]
        elsewhere = values[self.part != TEST]
        inside = values[self.part == TEST]
        return inside[~inside.isin(elsewhere)].unique()


def _equal(one: pd.Series, other: pd.Series) -> bool:
    try:
        same = one.reset_index(drop=True).eq(other.reset_index(drop=True))
    except (TypeError, ValueError):
        return False
    missing = one.isna().to_numpy() & other.isna().to_numpy()
    return bool((same.fillna(False).to_numpy(dtype=bool) | missing).all())


def _as_assignment(part: Part) -> pd.DataFrame:
    names = [*PARTS, PURGED] if (part == OUT).any() else [*PARTS]
    split = pd.Categorical.from_codes(part, categories=pd.Index(names))
    return pd.DataFrame({SPLIT: split}, index=pd.RangeIndex(len(part), name=ROW))
