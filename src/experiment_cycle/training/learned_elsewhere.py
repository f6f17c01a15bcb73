"""Estimators that only predict: what they hold was learned by another library's own loop."""

from __future__ import annotations

from typing import Any, Self

from sklearn.base import BaseEstimator


class LearnedElsewhere(BaseEstimator):  # type: ignore[misc]
    """Is fitted from the start.

    What a subclass loads in order to predict it may keep as `_loaded`, which is not stored.
    """

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def fit(self, rows: Any, target: Any) -> Self:
        """Refuse to: scikit-learn calls nothing an estimator that has no `fit`."""
        raise TypeError(
            f"A {type(self).__name__} holds what was learned elsewhere. Next step: train another "
            "one with `kedro run --pipelines=training`."
        )

    def __getstate__(self) -> dict[str, Any]:
        return {name: item for name, item in super().__getstate__().items() if name != "_loaded"}
