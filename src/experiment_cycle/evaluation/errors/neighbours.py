"""The training rows most like a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.evaluation.errors.encoded_features import ModelParts
from experiment_cycle.evaluation.errors.feature_distance import FeatureDistance
from experiment_cycle.metrics.outcomes import Floats

NEAREST = 3
LEARNED_FROM = 20_000
"""Training rows from which it is learned how much features differ."""
LEAST = 100
MOST_VALUES = 20_000_000
"""Training rows times inputs that are searched; beyond, rows are drawn."""
BATCH_VALUES = 500_000


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The nearest training rows of each row, nearest first.

    Attributes:
        positions: In the training table, shape (n, `NEAREST`); -1 where there are fewer.
        distances: Shape (n, `NEAREST`), see `FeatureDistance`; infinite where there are fewer.
        searched: How many training rows were looked at.
        features: The features that were compared.
    """

    positions: npt.NDArray[np.int64]
    distances: Floats
    searched: int
    features: tuple[str, ...]


def nearest_rows(
    model: Any, rows: pd.DataFrame, train: pd.DataFrame, seed: int
) -> Neighbours | None:
    """Find the training rows that are most like each row, by `FeatureDistance`.

    Of rows just as near, the first ones count. A row is no neighbour of itself. The training rows
    are compared batch by batch, so that the memory is that of a batch; time and memory grow with
    rows times inputs.

    Args:
        model: A fitted pipeline of raw rows.
        rows: The rows, indexed by `__row__`; a few.
        train: The rows to search, indexed by `__row__`. Where there are very many (`MOST_VALUES`),
            some of them are drawn.
        seed: Draws them.

    Returns:
        None where the model was not prepared by this project.
    """
    parts = ModelParts.of(model)
    if parts is None:
        return None
    draw = np.random.default_rng([seed, *b"neighbours"])
    drawn = draw.permutation(len(train))
    # wide inputs are learned from fewer rows, so that they need no more memory
    learned = min(LEARNED_FROM, max(LEAST, MOST_VALUES // max(1, len(parts.features))))
    distance = FeatureDistance.learn(parts, train.iloc[np.sort(drawn[:learned])])
    inputs = max(1, distance.inputs)
    searched = np.sort(drawn[: max(NEAREST + 1, MOST_VALUES // inputs)])
    wanted, step = distance.encode(rows), max(1, BATCH_VALUES // inputs)
    distances = np.full((len(rows), NEAREST), np.inf)
    positions = np.full((len(rows), NEAREST), -1, dtype=np.int64)
    for start in range(0, len(searched), step):
        batch = searched[start : start + step]
        others = train.iloc[batch]
        found = distance.between(wanted, distance.encode(others))
        found[rows.index.to_numpy()[:, np.newaxis] == others.index.to_numpy()] = np.inf
        both = np.hstack([distances, found])
        places = np.hstack([positions, np.broadcast_to(batch, found.shape)])
        distances, positions = _nearest(both, places)
    positions[np.isinf(distances)] = -1
    return Neighbours(positions, distances, len(searched), distance.features)


def _nearest(
    distances: Floats, places: npt.NDArray[np.int64]
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Keep the nearest in each row; of equal ones, those that come first."""
    # a stable sort of all is slow, so only those up to the last one kept are sorted
    last = np.partition(distances, NEAREST - 1, axis=1)[:, NEAREST - 1]
    kept = np.empty((len(distances), NEAREST)), np.empty((len(distances), NEAREST), np.int64)
    for row, limit in enumerate(last):
        near = np.flatnonzero(distances[row] <= limit)
        order = near[np.argsort(distances[row, near], kind="stable")[:NEAREST]]
        kept[0][row], kept[1][row] = distances[row, order], places[row, order]
    return kept
