"""Gaps filled and numbers brought to one size, column by column and in place."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin

Floats = npt.NDArray[np.float64]
Column = np.ndarray[tuple[int], np.dtype[np.float64]]


class Scaling(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Fills gaps, then subtracts a centre and divides by a scale; all learned from values present.

    The same as scikit-learn's SimpleImputer, StandardScaler, RobustScaler and MinMaxScaler, which
    need three to four times the memory of the matrix. A constant column keeps the scale 1.

    Args:
        impute: What gaps are filled with: none, median, mean, most_frequent, zero.
        scale: none; standard: mean and standard deviation; robust: median and the distance of the
            quartiles; minmax: least value and range.
    """

    def __init__(self, impute: str, scale: str) -> None:
        self.impute = impute
        self.scale = scale

    def fit(self, matrix: Floats, target: Any = None) -> Self:
        """Learn what each column is filled with, its centre and its scale."""
        learned = [self._learn(column[~np.isnan(column)]) for column in matrix.T]
        fills, centres, scales = np.asarray(learned, dtype=np.float64).reshape(-1, 3).T
        self.fill_, self.centre_, self.scale_ = fills.copy(), centres.copy(), scales.copy()
        return self

    def transform(self, matrix: Floats) -> Floats:
        """Fill and scale the matrix itself, shape (n, columns), and hand it back."""
        matrix = np.asarray(matrix, dtype=np.float64)
        for position in range(matrix.shape[1]):
            column = matrix[:, position]
            if self.impute != "none":
                column[np.isnan(column)] = self.fill_[position]
            if self.scale != "none":
                column -= self.centre_[position]
                column /= self.scale_[position]
        return matrix

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "fill_")

    def get_feature_names_out(self, names: Any = None) -> Any:
        """Name the columns, as they were."""
        return names

    def _learn(self, present: Column) -> tuple[float, float, float]:
        # a column without a value: learned from nothing, filled with 0
        values = present if len(present) else np.zeros(1)
        return (_fill(values, self.impute), *_size(values, self.scale))


def _fill(values: Column, impute: str) -> float:
    if impute == "median":
        return float(np.median(values))
    if impute == "mean":
        return float(values.mean())
    if impute == "most_frequent":
        levels, counts = np.unique(values, return_counts=True)
        # the least of those that are equally frequent
        return float(levels[counts.argmax()])
    return 0.0


def _size(values: Column, scale: str) -> tuple[float, float]:
    """Measure the centre and the scale of a column."""
    if scale == "standard":
        centre, spread = float(values.mean()), float(values.std())
        # what rounding alone can make of a constant column, as in StandardScaler
        noise = len(values) * np.finfo(np.float64).eps
        constant = spread**2 <= noise * spread**2 + (noise * centre) ** 2
        return centre, 1.0 if constant else spread
    if scale == "robust":
        low, centre, high = np.percentile(values, [25, 50, 75]).tolist()
        return centre, (high - low) or 1.0
    if scale == "minmax":
        low, high = float(values.min()), float(values.max())
        return low, (high - low) or 1.0
    return 0.0, 1.0
