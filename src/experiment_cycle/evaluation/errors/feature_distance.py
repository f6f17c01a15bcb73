"""How far two rows are from each other, as the model's preprocessing sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist

from experiment_cycle.evaluation.errors.encoded_features import Encoded, ModelParts, distinct
from experiment_cycle.metrics.outcomes import Floats

UNKNOWN = -1.0


@dataclass(frozen=True, eq=False)
class _Block:
    """The inputs of one branch: `weights` of squared differences, shape (inputs,).

    `half` is half of what each adds between two rows on average. `centre` is None for levels, which
    are equal or not.
    """

    branch: Encoded
    weights: Floats
    half: Floats
    centre: Floats | None

    def add(self, squared: Floats, own: Floats, other: Floats) -> None:
        """Add the weighted squared differences, shape (rows, others)."""
        if self.centre is None:
            for position in np.flatnonzero(self.weights):
                differ = own[:, position, np.newaxis] != other[np.newaxis, :, position]
                squared += self.weights[position] * differ
            return
        left, right = ((side - self.centre) * np.sqrt(self.weights) for side in (own, other))
        if np.isnan(left).any() or np.isnan(right).any():
            left, right = (_filled(side, self.half) for side in (left, right))
        squared += cdist(left, right, "sqeuclidean")


@dataclass(frozen=True, eq=False)
class FeatureDistance:
    """A distance in which every feature counts alike.

    The squared difference of each feature is divided by what it is between two training rows on
    average; the distance is the root of the mean over the features. So 1 is as far as two training
    rows are. Numbers, as the preprocessing makes them, differ by their distance; a missing one lies
    at the mean, and half the usual difference away from all that are there. Levels of a category
    are equal or not.

    Attributes:
        features: The features that are compared: those that vary.
        inputs: How many numbers a row is compared by.
    """

    parts: ModelParts
    blocks: tuple[_Block, ...]
    features: tuple[str, ...]
    inputs: int

    @classmethod
    def learn(cls, parts: ModelParts, frame: pd.DataFrame) -> FeatureDistance:
        """Learn how much each feature differs between rows.

        Args:
            parts: Says how rows are encoded.
            frame: Some training rows.
        """
        table = parts.table(frame)
        branches = [branch for branch in parts.branches if branch.features]
        measured = [_measure(branch, _values(branch, table)) for branch in branches]
        owners = [name for branch in branches for name in _owners(branch)]
        features, codes = distinct(tuple(owners))
        usual = np.concatenate([np.zeros(0), *(each for each, _ in measured)])
        shared = np.bincount(codes[usual > 0], minlength=len(features))
        weights = np.zeros(len(usual))
        # a feature of several inputs is their mean
        np.divide(1.0, usual * np.maximum(shared[codes], 1), out=weights, where=usual > 0)
        ends = np.cumsum([len(each) for each, _ in measured])[:-1]
        blocks = tuple(
            _Block(branch, weight, weight * each / 2, centre)
            for branch, weight, (each, centre) in zip(
                branches, np.split(weights, ends), measured, strict=True
            )
        )
        varying = tuple(np.asarray(features, dtype=object)[shared > 0])
        return cls(parts, blocks, varying, len(usual))

    def encode(self, frame: pd.DataFrame) -> list[Floats]:
        """Make of rows what is compared: one matrix for each block."""
        table = self.parts.table(frame)
        return [_values(block.branch, table) for block in self.blocks]

    def between(self, rows: list[Floats], others: list[Floats]) -> Floats:
        """Compute all distances of encoded rows, shape (rows, others)."""
        count = (len(rows[0]), len(others[0])) if rows else (0, 0)
        squared = np.zeros(count)
        for block, own, other in zip(self.blocks, rows, others, strict=True):
            block.add(squared, own, other)
        return np.sqrt(squared / max(1, len(self.features)))


def _owners(branch: Encoded) -> tuple[str, ...]:
    return branch.features[:1] if branch.one_hot else branch.features


def _measure(branch: Encoded, values: Floats) -> tuple[Floats, Floats | None]:
    """Give the squared difference between two rows on average, and the mean of numbers."""
    if branch.levels:
        return np.array([_differing(column) for column in values.T]), None
    there = ~np.isnan(values)
    count = np.maximum(there.sum(axis=0), 1)
    centre = np.where(there, values, 0.0).sum(axis=0) / count
    variance = (np.where(there, values - centre, 0.0) ** 2).sum(axis=0) / count
    # what rounding makes of a column of equal values is no difference
    variance[variance <= (1e-12 * np.abs(centre)) ** 2] = 0.0
    return 2 * variance, centre


def _differing(codes: Floats) -> float:
    """Give the probability that two rows have different levels."""
    shares = np.unique(codes, return_counts=True)[1] / len(codes)
    return float(1.0 - (shares**2).sum())


def _values(branch: Encoded, table: pd.DataFrame) -> Floats:
    """Transform rows by one branch; a level told by several inputs becomes one code."""
    found: Any = branch.steps.transform(table)
    is_sparse = hasattr(found, "tocsr")
    if not branch.one_hot:
        plain = np.asarray(found.toarray() if is_sparse else found, dtype=np.float64)
        return np.nan_to_num(plain, nan=UNKNOWN) if branch.levels else plain
    codes = np.full((found.shape[0], 1), UNKNOWN)
    if is_sparse:
        rows = found.tocsr()
        codes[np.diff(rows.indptr) > 0, 0] = rows.indices
    else:
        known = found.any(axis=1)
        codes[known, 0] = found.argmax(axis=1)[known]
    return codes


def _filled(matrix: Floats, half: Floats) -> Floats:
    """Put missing values at the mean, and away from the others in a direction of their own."""
    gaps = np.isnan(matrix)
    return np.hstack([np.where(gaps, 0.0, matrix), gaps * np.sqrt(half)])
