"""An XGBoost booster with the face of a scikit-learn estimator."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, softmax
from sklearn.base import ClassifierMixin, RegressorMixin

from experiment_cycle.backends import DISTRIBUTION
from experiment_cycle.errors import BackendError
from experiment_cycle.training.learned_elsewhere import LearnedElsewhere

Floats = npt.NDArray[np.float64]


class _XGBoostModel(LearnedElsewhere):
    """Holds a booster as the bytes of its file, so that a stored model is arrays and no code.

    XGBoost reads them as data (UBJSON). It need not be installed before something is predicted.
    """

    def __init__(self, booster: npt.NDArray[np.uint8], inputs: int) -> None:
        """Take a booster.

        Args:
            booster: The bytes of `Booster.save_raw("ubj")`, shape (bytes,).
            inputs: Columns of the matrix.
        """
        self.booster = booster
        self.inputs = inputs
        self.n_features_in_ = inputs

    def contributions(self, rows: Any) -> Floats:
        """Share out the raw score among the inputs; see `BoostedClassifier.contributions`.

        XGBoost computes in single precision.
        """
        booster = self._booster()
        import xgboost  # noqa: PLC0415 - an extra, loaded by now

        matrix = xgboost.DMatrix(
            rows, feature_types=booster.feature_types, enable_categorical=True, nthread=1
        )
        found = np.asarray(booster.predict(matrix, pred_contribs=True), dtype=np.float64)
        return found.reshape(len(rows), -1, self.inputs + 1)

    def _margins(self, rows: Any) -> Floats:
        """Add up the trees: (n,), or (n, classes) for several classes."""
        predicted = self._booster().inplace_predict(rows, predict_type="margin")
        return np.asarray(predicted, dtype=np.float64)

    def _booster(self) -> Any:
        loaded = getattr(self, "_loaded", None)
        if loaded is None:
            try:
                import xgboost  # noqa: PLC0415 - an extra
            except ModuleNotFoundError as error:
                raise BackendError(
                    "This model needs the module 'xgboost', which is not installed. Next step: "
                    f'pip install "{DISTRIBUTION}[xgboost]"'
                ) from error
            loaded = xgboost.Booster({"nthread": 1})
            loaded.load_model(bytearray(self.booster.tobytes()))
            self._loaded = loaded
        return loaded


class XGBoostClassifier(ClassifierMixin, _XGBoostModel):  # type: ignore[misc]
    """Predicts the codes 0 to classes - 1."""

    def __init__(self, booster: npt.NDArray[np.uint8], inputs: int, classes: int) -> None:
        """Take a booster whose objective is binary or multiclass; see `_XGBoostModel`."""
        super().__init__(booster, inputs)
        self.classes = classes
        self.classes_ = np.arange(classes)

    def predict_proba(self, rows: Any) -> Floats:
        """Predict the probability of each class, shape (n, classes)."""
        return probabilities(self._margins(rows))

    def predict(self, rows: Any) -> npt.NDArray[np.int64]:
        """Predict the likeliest class, shape (n,)."""
        return np.asarray(self.predict_proba(rows).argmax(axis=1), dtype=np.int64)


class XGBoostRegressor(RegressorMixin, _XGBoostModel):  # type: ignore[misc]
    """Predicts a number: a value, or a score to rank by."""

    def predict(self, rows: Any) -> Floats:
        """Predict a number for each row, shape (n,)."""
        return self._margins(rows)


def probabilities(margins: Floats) -> Floats:
    """Turn sums of trees into probabilities of each class, shape (n, classes).

    In double precision: XGBoost's own are single, and are 0 or 1 where a model is quite sure.
    """
    if margins.ndim == 1:
        return np.column_stack([expit(-margins), expit(margins)])
    return np.asarray(softmax(margins, axis=1))
