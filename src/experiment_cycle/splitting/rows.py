"""The columns of the dataset that decide in which part a row is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.problem import Task
from experiment_cycle.row_keys import row_keys
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.inherit import ChampionSplit, Inheritance, inherit, may_inherit
from experiment_cycle.splitting.key_hash import Hashes, unit_hashes
from experiment_cycle.splitting.moments import Moments, read_moments
from experiment_cycle.splitting.options import Ratios, SplittingOptions
from experiment_cycle.splitting.parts import PARTS
from experiment_cycle.splitting.target import BINS, Strata, read_strata
from experiment_cycle.splitting.time import Cuts, find_cuts
from experiment_cycle.splitting.units import Codes, kept_whole, number_units


@dataclass(frozen=True, eq=False)
class Rows:
    """The columns of the dataset that decide where a row goes."""

    frame: pd.DataFrame
    columns: Columns
    options: SplittingOptions
    inherited: Inheritance | None
    task: Task | None = None
    """What the target is predicted as; None: what it looks like."""

    @classmethod
    def read(
        cls,
        snapshot: Snapshot,
        columns: Columns,
        options: SplittingOptions,
        champion: ChampionSplit | None,
        task: Task | None = None,
    ) -> Rows:
        """Read what the strategy needs, and no more."""
        kept = kept_whole(columns, options)
        by_key = options.strategy == "key_hash"
        follows = champion is not None and may_inherit(options)
        if follows or (by_key and not kept and columns.identifier is None):
            frame = snapshot.to_pandas()
        else:
            own = [options.column] if options.strategy == "predefined" else []
            own += [columns.identifier] if by_key else []
            roles = (columns.target, columns.group, columns.query, columns.time)
            asked = [name for name in (*roles, *own) if name is not None]
            frame = snapshot.to_pandas(list(dict.fromkeys(asked)))
        keys = row_keys(frame, columns) if follows else None
        old = None if keys is None else inherit(champion, keys, columns, options)
        return cls(frame, columns, options, old, task)

    @cached_property
    def ratios(self) -> npt.NDArray[np.float64]:
        """The shares of the parts that are to get rows."""
        return shares(self.options.ratios)

    @cached_property
    def stratified(self) -> bool:
        """Whether each part gets its share of each class."""
        return self.options.strategy.startswith("stratified")

    @cached_property
    def strata(self) -> Strata:
        """The class of each row, or its bin: fewer bins where there is little to fill them with."""
        units = len(self.frame) if self.units is None else int(self.units.max(initial=-1)) + 1
        most = max(1, int(units * self.ratios.min()))
        least = -(-len(self.frame) // most)
        return read_strata(
            self.frame[self.columns.target],
            *(min(BINS, most), self.task, self.columns.positive, least),
        )

    @cached_property
    def units(self) -> Codes | None:
        """What must not be divided, of each row; None where each row is on its own."""
        return self.whole if kept_whole(self.columns, self.options) else None

    @cached_property
    def whole(self) -> Codes:
        """The unit of each row, shape (n,), where there are units."""
        return number_units(self.frame, kept_whole(self.columns, self.options))

    @cached_property
    def hashes(self) -> Hashes:
        """The hash of each row's key, which is that of its unit where there are units."""
        return unit_hashes(self.frame, self.columns, kept_whole(self.columns, self.options))

    @cached_property
    def moments(self) -> Moments | None:
        """When each row is predicted; None where no time column is declared."""
        return None if self.columns.time is None else self.clock

    @cached_property
    def clock(self) -> Moments:
        """When each row is predicted, where a time column is declared."""
        return read_moments(self.frame[str(self.columns.time)])

    @cached_property
    def unit_hashes(self) -> Hashes:
        """The hash of each unit's key, shape (units,), where there are units."""
        taken = np.empty(int(self.whole.max(initial=-1)) + 1, dtype=np.uint64)
        taken[self.whole] = self.hashes
        return taken

    @cached_property
    def cuts(self) -> Cuts:
        """Where the parts begin in time: where the champion's did, else by the ratios."""
        if self.inherited is not None:
            written = self.inherited.champion.manifest.boundaries
            found = [self.clock.read(written[part]) for part in PARTS if part in written]
            cuts = tuple(cut for cut in found if cut is not None)
            if len(cuts) == len(self.ratios) - 1:
                return cuts
        return find_cuts(self.clock, self.ratios)


def shares(ratios: Ratios) -> npt.NDArray[np.float64]:
    """List the ratios in the order of `PARTS`, shape (k,), without a test share of 0."""
    listed = np.array([getattr(ratios, part) for part in PARTS], dtype=np.float64)
    return listed[: len(PARTS) - (listed[-1] == 0)]
