"""The predictions of two models for the same test rows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.errors import DataError
from experiment_cycle.metrics.influence import Influence, influence
from experiment_cycle.metrics.units import Units
from experiment_cycle.row_keys import hash_rows

COLUMNS = ("unit", "target", "challenger", "incumbent")


@dataclass(frozen=True, eq=False)
class PairedPredictions:
    """Targets and both models' probabilities, shape (n,) each, sorted by row position."""

    rows: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int64]
    target: npt.NDArray[np.int8]
    challenger: npt.NDArray[np.float64]
    incumbent: npt.NDArray[np.float64]
    threshold: float

    @classmethod
    def from_table(cls, table: pd.DataFrame, threshold: float) -> PairedPredictions:
        """Take over a table of test predictions, indexed by `__row__`.

        Args:
            table: Columns `unit` (resampling unit), `target` (0 or 1), `challenger` and `incumbent`
                (probability of the positive class).
            threshold: A row is called positive from this probability on.

        Raises:
            DataError: a column is missing, a row occurs twice, or a value is not a target or a
                probability.
        """
        missing = [name for name in COLUMNS if name not in table.columns]
        if missing:
            raise DataError(f"The test predictions lack the columns {', '.join(missing)}.")
        if table.empty:
            raise DataError("The test predictions have no rows, so nothing can be compared.")
        if table.index.has_duplicates:
            twice = table.index[table.index.duplicated()][0]
            raise DataError(f"Row {twice} occurs more than once in the test predictions.")
        ordered = table.sort_index()
        if not ordered["target"].isin([0, 1]).all():
            raise DataError("The test predictions have targets other than 0 and 1.")
        for model in ("challenger", "incumbent"):
            wrong = ordered.index[~ordered[model].between(0.0, 1.0)]
            if len(wrong):
                raise DataError(
                    f"The {model} gives no probability from 0 to 1 for {len(wrong)} test rows, "
                    f"the first of them row {wrong[0]}: {ordered.loc[wrong[0], model]}."
                )
        return cls(
            ordered.index.to_numpy(dtype=np.int64),
            ordered["unit"].to_numpy(dtype=np.int64),
            ordered["target"].to_numpy(dtype=np.int8),
            ordered["challenger"].to_numpy(dtype=np.float64),
            ordered["incumbent"].to_numpy(dtype=np.float64),
            threshold,
        )

    @cached_property
    def units(self) -> Units:
        """The resampling units of the rows."""
        return Units.from_codes(self.codes)

    @cached_property
    def rows_hash(self) -> str:
        """Hash of the row positions, as the split manifest has it."""
        return hash_rows(self.rows)

    @property
    def by_group(self) -> bool:
        """Tell whether a resampling unit has more than one row."""
        return self.units.count < len(self.rows)

    @cached_property
    def _influences(self) -> dict[tuple[str, str], Influence]:
        return {}

    def influence(self, model: str, name: str) -> Influence:
        """Measure a metric of `challenger` or `incumbent`, with each row's contribution to it."""
        known = self._influences
        if (model, name) not in known:
            known[model, name] = influence(name, self.target, getattr(self, model), self.threshold)
        return known[model, name]

    def hash(self, model: str) -> str:
        """Hash what a metric of one model depends on: rows, units, targets and predictions."""
        digest = hashlib.sha256()
        for part, kind in (
            (self.rows, "<i8"),
            (self.codes, "<i8"),
            (self.target, "i1"),
            (getattr(self, model), "<f8"),
        ):
            digest.update(np.ascontiguousarray(part, dtype=kind).tobytes())
        return digest.hexdigest()
