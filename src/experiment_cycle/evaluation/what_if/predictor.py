"""A model as what-if questions ask it: raw rows in, a table of outputs out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from experiment_cycle.metrics.outcomes import Floats
from experiment_cycle.problem import Problem
from experiment_cycle.training.predicting import predict_outputs

Predict = Callable[[pd.DataFrame], Floats]
"""Predicts raw rows, shape (n, outputs); see `predict_outputs`."""


@dataclass(frozen=True, eq=False)
class AskedModel:
    """A model, and what is known of it.

    Attributes:
        predict: Predicts raw rows.
        problem: What is predicted.
        features: The columns it reads.
        threshold: Binary: from which probability on a row is called positive.
    """

    predict: Predict
    problem: Problem
    features: tuple[str, ...]
    threshold: float | None = None

    @classmethod
    def of(
        cls, model: Any, problem: Problem, features: Sequence[str], threshold: float | None = None
    ) -> AskedModel:
        """Ask a fitted pipeline; `features` count where it does not say what it reads."""
        read = features_of(model)
        return cls(predictor(model, problem), problem, tuple(read or features), threshold)


def predictor(model: Any, problem: Problem) -> Predict:
    """Let a model predict rows by those of their columns that it was trained on.

    Args:
        model: A fitted pipeline that takes raw feature frames.
        problem: What is predicted.
    """
    names = features_of(model)

    def predict(rows: pd.DataFrame) -> Floats:
        return predict_outputs(model, rows if names is None else rows[names], problem).reshape(
            len(rows), -1
        )

    return predict


def features_of(model: Any) -> list[str] | None:
    """Name the columns that a model was trained on; None if it does not say."""
    names = getattr(model, "feature_names_in_", None)
    return None if names is None else [str(name) for name in names]
