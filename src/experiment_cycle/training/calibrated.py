"""A classifier whose probabilities were brought in line with what came true."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
SMALLEST = 1e-15
"""Probabilities of 0 and 1 have no log odds; these stand in for them, as in the log loss."""
TWO = 2


class SigmoidMap(BaseEstimator):  # type: ignore[misc]
    """Platt scaling of log odds: a straight line through them.

    The labels are drawn towards the middle as Platt does (Probabilistic Outputs for Support Vector
    Machines, 1999, section 2.2), so that few rows do not make certain.
    """

    def fit(self, probability: Floats, positive: npt.NDArray[np.bool_]) -> Self:
        """Learn slope and intercept from probabilities, shape (n,), and whether they came true."""
        count = int(positive.sum())
        high, low = (count + 1) / (count + 2), 1 / (len(positive) - count + 2)
        share = np.where(positive, high, low)
        odds = np.tile(_log_odds(probability), 2)[:, None]
        label = np.repeat([1, 0], len(positive))
        line = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000)
        # one thread: sums taken in another order differ in their last digits
        with threadpool_limits(1):
            line.fit(odds, label, sample_weight=np.concatenate([share, 1 - share]))
        self.slope_, self.intercept_ = float(line.coef_[0, 0]), float(line.intercept_[0])
        return self

    def predict(self, probability: Floats) -> Floats:
        """Map probabilities, shape (n,)."""
        return np.asarray(expit(self.slope_ * _log_odds(probability) + self.intercept_))


class CalibratedClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A fitted classifier of codes, and a map of the probabilities of each class.

    Of two classes the second one's is mapped; of more, each one's, and the sum is brought to 1
    (Zadrozny and Elkan, Transforming Classifier Scores into Accurate Multiclass Probability
    Estimates, KDD 2002).

    Args:
        estimator: A fitted classifier whose classes are the codes from 0 on.
        method: sigmoid or isotonic.
    """

    def __init__(self, estimator: Any, method: Literal["sigmoid", "isotonic"]) -> None:
        self.estimator = estimator
        self.method = method

    def fit(self, rows: Any, target: Codes) -> Self:
        """Learn the maps from rows that the estimator has not seen; it stays as it is.

        Args:
            rows: The matrix the estimator reads, shape (n, inputs).
            target: Codes, shape (n,).
        """
        self.classes_ = np.asarray(self.estimator.classes_)
        columns = self._columns(self.estimator.predict_proba(rows))
        first = 1 if len(self.classes_) == TWO else 0
        self.maps_ = [
            self._new_map().fit(probability, target == code)
            for code, probability in enumerate(columns, start=first)
        ]
        return self

    def predict_proba(self, rows: Any) -> Floats:
        """Predict the probability of each class, shape (n, classes)."""
        columns = self._columns(self.estimator.predict_proba(rows))
        mapped = [one.predict(column) for one, column in zip(self.maps_, columns, strict=True)]
        if len(mapped) == 1:
            return np.column_stack([1.0 - mapped[0], mapped[0]])
        matrix = np.column_stack(mapped)
        total = matrix.sum(axis=1, keepdims=True)
        # no class is possible: then all are alike
        alike: Floats = np.full_like(matrix, 1.0 / len(mapped))
        np.divide(matrix, total, out=alike, where=total > 0)
        return alike.clip(0.0, 1.0)

    def predict(self, rows: Any) -> Codes:
        """Predict the likeliest class, shape (n,)."""
        return np.asarray(self.predict_proba(rows).argmax(axis=1), dtype=np.int64)

    def moved_to(self, estimator: Any) -> CalibratedClassifier:
        """Put the same maps on another fitted classifier of the same classes."""
        moved = CalibratedClassifier(estimator, self.method)
        moved.classes_, moved.maps_ = self.classes_, self.maps_
        return moved

    def _columns(self, probability: Floats) -> list[Floats]:
        """Give the columns that are mapped, each of shape (n,)."""
        columns = np.asarray(probability, dtype=np.float64).T
        return [columns[1]] if len(columns) == TWO else list(columns)

    def _new_map(self) -> Any:
        if self.method == "isotonic":
            return IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
        return SigmoidMap()


def _log_odds(probability: Floats) -> Floats:
    inside = np.clip(probability, SMALLEST, 1.0 - SMALLEST)
    return np.log(inside) - np.log1p(-inside)
