"""The fewest features of a row to change, towards a row that really exists."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.evaluation.what_if.goals import Codes, Sides
from experiment_cycle.evaluation.what_if.predictor import Predict
from experiment_cycle.evaluation.what_if.records import Change
from experiment_cycle.metrics.outcomes import Floats

MOST_CHANGES = 12
"""A row that needs more is given up: nobody reads it."""

Mask = npt.NDArray[np.bool_]


class Mixture:
    """Rows, and for each a donor whose values may take the place of its own.

    Args:
        rows: Raw rows, shape (n, columns).
        donors: As many, of the same columns.
        names: Features that may change.
    """

    def __init__(self, rows: pd.DataFrame, donors: pd.DataFrame, names: Sequence[str]) -> None:
        self.names = list(names)
        self._both = pd.concat([rows, donors], ignore_index=True)
        self._count = len(rows)
        self.differs = np.column_stack([self._apart(name) for name in self.names])

    def mixed(self, which: Codes, taken: Mask) -> pd.DataFrame:
        """Build rows with some values of their donors.

        Args:
            which: The positions of the rows, shape (m,); one may occur several times.
            taken: The features that are the donor's, shape (m, names).
        """
        built = self._both.take(which).reset_index(drop=True)
        for place, name in enumerate(self.names):
            if taken[:, place].any():
                order = which + self._count * taken[:, place]
                built[name] = self._both[name].take(order).reset_index(drop=True)
        return built

    def changes(self, row: int, taken: Mask) -> tuple[Change, ...]:
        """Write what changes of a row, by its position; `taken` has shape (names,)."""
        return tuple(
            Change(
                feature=name,
                value=_text(self._both[name].iloc[row]),
                other=_text(self._both[name].iloc[row + self._count]),
            )
            for name, changed in zip(self.names, taken, strict=True)
            if changed
        )

    def _apart(self, name: str) -> Mask:
        own, other = self._both[name].iloc[: self._count], self._both[name].iloc[self._count :]
        equal = (own.reset_index(drop=True) == other.reset_index(drop=True)).fillna(False)
        both_missing = own.isna().to_numpy() & other.isna().to_numpy()
        return ~(equal.to_numpy(dtype=bool) | both_missing)


def fewest_changes(
    mixture: Mixture, predict: Predict, sides: Sides, wanted: Codes
) -> tuple[Mask, Mask]:
    """Take values of the donor until the prediction is the wanted one, then give back the needless.

    Each step takes, for each row, the value that brings the prediction furthest. Afterwards no
    single value can be given back without losing the wanted prediction.

    Args:
        mixture: The rows and their donors.
        predict: The model.
        sides: What is told apart.
        wanted: The side that each row shall come to, shape (n,).

    Returns:
        Which features change, shape (n, names), and for which rows that is enough, shape (n,).
    """
    taken = np.zeros_like(mixture.differs)
    reached = np.zeros(len(wanted), dtype=bool)
    for _ in range(MOST_CHANGES):
        rows, places = np.nonzero(mixture.differs & ~taken & ~reached[:, None])
        if not len(rows):
            break
        progress, there = _tried(mixture, predict, sides, wanted, taken, rows, places)
        for row, place, enough in _best(rows, places, progress, there):
            taken[row, place] = True
            reached[row] = enough
    while True:
        several = reached & (taken.sum(axis=1) > 1)
        rows, places = np.nonzero(taken & several[:, None])
        if not len(rows):
            break
        progress, there = _tried(mixture, predict, sides, wanted, taken, rows, places)
        if not there.any():
            break
        kept = np.flatnonzero(there)
        for row, place, _ in _best(rows[kept], places[kept], progress[kept], there[kept]):
            taken[row, place] = False
    return taken, reached


def _tried(
    mixture: Mixture,
    predict: Predict,
    sides: Sides,
    wanted: Codes,
    taken: Mask,
    rows: Codes,
    places: Codes,
) -> tuple[Floats, Mask]:
    """Turn one feature of each row over: how far that brings it, and whether it is enough."""
    turned = taken[rows]
    at = np.arange(len(rows)), places
    turned[at] = ~turned[at]
    outputs = predict(mixture.mixed(rows, turned))
    return sides.progress(outputs, wanted[rows]), sides.of(outputs) == wanted[rows]


def _best(rows: Codes, places: Codes, progress: Floats, there: Mask) -> list[tuple[int, int, bool]]:
    """Take the best attempt of each row, the first of equal ones."""
    order = np.lexsort((places, -progress, rows))
    first = order[np.unique(rows[order], return_index=True)[1]]
    return [(int(rows[at]), int(places[at]), bool(there[at])) for at in first]


def _text(value: object) -> str:
    if pd.isna(value):  # type: ignore[call-overload]
        return "missing"
    return f"{value:.6g}" if isinstance(value, float | np.floating) else str(value)
