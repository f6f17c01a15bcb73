"""A LightGBM booster with the face of a scikit-learn estimator."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin, RegressorMixin

from experiment_cycle.training.learned_elsewhere import LearnedElsewhere


class _Boosted(LearnedElsewhere):
    """Holds a booster that was trained elsewhere; it predicts with all of its trees."""

    def __init__(self, booster: Any, n_jobs: int = 1) -> None:
        """Take a booster.

        Args:
            booster: A `lightgbm.Booster`.
            n_jobs: Threads to predict with.
        """
        self.booster = booster
        self.n_jobs = n_jobs
        self.n_features_in_ = int(booster.num_feature())

    def contributions(self, rows: Any) -> npt.NDArray[np.float64]:
        """Share out the raw score among the inputs: SHAP values of the trees.

        Returns:
            Shape (n, outputs, inputs + 1); the last one is the score without any input. They add up
            to the score before it is made a probability; two classes have one output.
        """
        found = self.booster.predict(rows, pred_contrib=True, num_threads=self.n_jobs)
        return np.asarray(found, dtype=np.float64).reshape(len(rows), -1, self.n_features_in_ + 1)

    def _predict(self, rows: Any) -> npt.NDArray[np.float64]:
        return np.asarray(self.booster.predict(rows, num_threads=self.n_jobs))


class BoostedClassifier(ClassifierMixin, _Boosted):  # type: ignore[misc]
    """Predicts the codes 0 to classes - 1."""

    def __init__(self, booster: Any, n_jobs: int = 1) -> None:
        """Take a booster whose objective is binary or multiclass; see `_Boosted`."""
        super().__init__(booster, n_jobs)
        self.classes_ = np.arange(max(booster.num_model_per_iteration(), 2))

    def predict_proba(self, rows: Any) -> npt.NDArray[np.float64]:
        """Predict the probability of each class, shape (n, classes)."""
        predicted = self._predict(rows)
        if predicted.ndim == 1:
            return np.column_stack([1.0 - predicted, predicted])
        return predicted

    def predict(self, rows: Any) -> npt.NDArray[np.int64]:
        """Predict the likeliest class, shape (n,)."""
        return np.asarray(self.predict_proba(rows).argmax(axis=1), dtype=np.int64)


class BoostedRegressor(RegressorMixin, _Boosted):  # type: ignore[misc]
    """Predicts a number: a value, or a score to rank by."""

    def predict(self, rows: Any) -> npt.NDArray[np.float64]:
        """Predict a number for each row, shape (n,)."""
        return self._predict(rows)
