"""What the leakage checks look at, and the work they share."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.duration import Duration
from experiment_cycle.splitting.leakage.encoded import (
    Column,
    Rows,
    Target,
    encode,
    encode_target,
    read_column,
)
from experiment_cycle.splitting.leakage.options import AuditOptions
from experiment_cycle.splitting.moments import Moments, read_moments

TRAIN, VALIDATION, TEST = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Audit:
    """One dataset, one split of it, and what was declared.

    Nothing is read until asked for; what several checks ask for is computed once.

    Attributes:
        snapshot: The dataset.
        part: The part of each row, shape (n,): 0, 1, 2; any other number: in no part.
        columns: The roles of the columns.
        options: What the audit is told.
        max_duplicate_share: The share of test rows that may have a twin.
        label_horizon: How long after the moment of prediction the label is known.
        feature_lookback: How far back features reach.
        seed: Where all random choices come from.
    """

    snapshot: Snapshot
    part: npt.NDArray[np.int8]
    columns: Columns
    options: AuditOptions = field(default_factory=AuditOptions)
    max_duplicate_share: float = 0.01
    label_horizon: Duration | None = None
    feature_lookback: Duration | None = None
    seed: int = 0

    @cached_property
    def rows(self) -> Rows | None:
        """The rows most checks look at, ascending: None for all, else a sample by hash."""
        total = len(self.part)
        if total <= self.options.max_rows:
            return None
        return np.sort(self.random("rows").permutation(total)[: self.options.max_rows])

    @cached_property
    def parts(self) -> npt.NDArray[np.int8]:
        """The part of each row looked at, shape (m,)."""
        return self.part if self.rows is None else self.part[self.rows]

    @cached_property
    def positions(self) -> Rows:
        """The position in the dataset of each row looked at, shape (m,)."""
        return np.arange(len(self.part)) if self.rows is None else self.rows

    @cached_property
    def features(self) -> list[str]:
        """Name the columns a model may read."""
        return self.columns.features(self.snapshot.types)

    @cached_property
    def _encoded(self) -> dict[str, Column]:
        return {}

    def column(self, name: str) -> Column:
        """Encode a column of the rows looked at."""
        if name not in self._encoded:
            self._encoded[name] = encode(read_column(self.snapshot, name, self.rows))
        return self._encoded[name]

    @cached_property
    def table(self) -> list[Column]:
        """All features that have more than one value."""
        encoded = (self.column(name) for name in self.features)
        return [column for column in encoded if column.levels > 1]

    @cached_property
    def target(self) -> Target:
        """The target of the rows looked at."""
        return encode_target(read_column(self.snapshot, self.columns.target, self.rows))

    @cached_property
    def units(self) -> Rows:
        """Number what rows belong to, shape (m,): group, else query, else the row itself."""
        name = self.columns.group or self.columns.query
        if name is None:
            return np.arange(len(self.parts))
        return self.column(name).codes.astype(np.int64)

    @cached_property
    def moments(self) -> Moments | None:
        """When each row of the whole dataset is predicted; None if no time is declared."""
        if self.columns.time is None:
            return None
        return read_moments(self.snapshot.to_pandas([self.columns.time])[self.columns.time])

    @cached_property
    def by_time(self) -> bool:
        """Tell whether the parts follow each other in the declared time."""
        if self.moments is None:
            return False
        values = self.moments.values
        return bool(
            (self.part == TRAIN).any()
            and (self.part == TEST).any()
            and values[self.part == TRAIN].max() <= values[self.part == TEST].min()
        )

    @cached_property
    def shared(self) -> dict[str, Any]:
        """What one check computed and another needs as well."""
        return {}

    def random(self, purpose: str) -> np.random.Generator:
        """Make a source of chance for one purpose, so that checks do not depend on each other."""
        return np.random.default_rng([self.seed, *purpose.encode()])

    def sample(self, code: int, limit: int) -> Rows:
        """Draw up to `limit` of the rows looked at of one part, ascending, by whole units."""
        if (code, limit) not in self._draws:
            inside = np.flatnonzero(self.parts == code)
            if len(inside) > limit:
                inside = np.sort(_whole_units(inside, self.units, limit, self.random("sample")))
            self._draws[code, limit] = inside
        return self._draws[code, limit]

    @cached_property
    def _draws(self) -> dict[tuple[int, int], Rows]:
        return {}

    @cached_property
    def one_a_unit(self) -> Rows:
        """One row of each group in each part it occurs in, ascending: independent of each other."""
        if self.columns.group is None and self.columns.query is None:
            return np.flatnonzero((self.parts >= TRAIN) & (self.parts <= TEST))
        inside = np.flatnonzero((self.parts >= TRAIN) & (self.parts <= TEST))
        shuffled = self.random("units").permutation(inside)
        first = pd.unique(self.units[shuffled])
        place = pd.Series(shuffled, index=self.units[shuffled])
        return np.sort(place[~place.index.duplicated()].loc[first].to_numpy())


def _whole_units(inside: Rows, units: Rows, limit: int, random: np.random.Generator) -> Rows:
    numbered = pd.factorize(units[inside])[0]
    order = random.permutation(int(numbered.max(initial=-1)) + 1)
    by_unit = np.argsort(order[numbered], kind="stable")
    return inside[by_unit[:limit]]
