"""Which column of the data plays which role: declared once, in `parameters_task.yml`."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from experiment_cycle.options import Options

ROW = "__row__"
"""Name of the index of every table cut from the dataset: a row's position in the snapshot."""


class Columns(Options):
    """The roles of the columns; a column without a role is a feature."""

    target: str
    positive: bool | int | float | str | None = Field(
        default=None, description="target level that counts as positive; null: the greater one"
    )
    identifier: str | None = None
    group: str | None = None
    sensitive: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()

    def declared(self) -> dict[str, str]:
        """Map each column that has a role to the key that gives it (the first one counts)."""
        roles: dict[str, str] = {self.target: "target"}
        for role in ("identifier", "group"):
            name = getattr(self, role)
            if name is not None:
                roles.setdefault(name, role)
        for role in ("sensitive", "drop"):
            for name in getattr(self, role):
                roles.setdefault(name, role)
        return roles

    def features(self, available: Iterable[str]) -> list[str]:
        """Name the columns a model may read, in the order of `available`.

        Sensitive columns stay features unless they are dropped as well.
        """
        withheld = {self.target, self.identifier, self.group, *self.drop, ROW}
        return [name for name in available if name not in withheld]

    def positive_level(self, target: pd.Series) -> object:
        """Tell which level of the target counts as positive."""
        # not Series.max: a categorical without an order has none, its levels do
        return max(target.dropna().unique()) if self.positive is None else self.positive

    def labels(self, target: pd.Series, positive: object | None = None) -> npt.NDArray[np.int8]:
        """Encode a binary target, shape (n,): 1 where it equals the positive level, else 0.

        Args:
            target: The target column.
            positive: The positive level; found in `target` itself where it is not given.
        """
        level = self.positive_level(target) if positive is None else positive
        return np.asarray(target == level, dtype=np.int8)

    def groups(self, frame: pd.DataFrame) -> npt.NDArray[np.int64]:
        """Number the resampling units of the rows, shape (n,): groups if declared, else rows."""
        if self.group is None:
            return np.arange(len(frame), dtype=np.int64)
        return pd.factorize(frame[self.group], use_na_sentinel=False)[0].astype(np.int64)
