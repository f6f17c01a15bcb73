"""An estimator that does not read sparse matrices, where the inputs are sparse."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.base import BaseEstimator


class DenseInputs(BaseEstimator):  # type: ignore[misc]
    """Makes its rows dense, and hands them to the estimator it holds."""

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def __sklearn_tags__(self) -> Any:
        return self.estimator.__sklearn_tags__()

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self.estimator, "n_features_in_")

    @property
    def classes_(self) -> npt.NDArray[Any]:
        """Those of the estimator."""
        return np.asarray(self.estimator.classes_)

    def fit(self, rows: Any, target: Any, **weights: Any) -> Self:
        """Fit the estimator."""
        self.estimator.fit(_dense(rows), target, **weights)
        return self

    def partial_fit(self, rows: Any, target: Any, **more: Any) -> Self:
        """Let the estimator learn from some rows."""
        self.estimator.partial_fit(_dense(rows), target, **more)
        return self

    def predict(self, rows: Any) -> npt.NDArray[Any]:
        """Predict with the estimator."""
        return np.asarray(self.estimator.predict(_dense(rows)))

    def predict_proba(self, rows: Any) -> npt.NDArray[Any]:
        """Predict probabilities with the estimator."""
        return np.asarray(self.estimator.predict_proba(_dense(rows)))


def _dense(rows: Any) -> Any:
    is_sparse = bool(sparse.issparse(rows))
    return rows.toarray() if is_sparse else rows
