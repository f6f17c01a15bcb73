"""Transformers as a user may write them."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd


class Lengths:
    """Counts letters; knows nothing of scikit-learn."""

    def __init__(self, most: int = 100) -> None:
        self.most = most

    def fit(self, frame: pd.DataFrame, target: Any) -> Self:
        return self

    def transform(self, frame: pd.DataFrame) -> Any:
        letters = frame.iloc[:, 0].fillna("").str.len().to_numpy(dtype=float)
        return np.minimum(letters, self.most)[:, None]


class Ratio:
    """Adds a column that is made of two others."""

    def fit(self, frame: pd.DataFrame, target: Any) -> Self:
        self.middle_ = frame["income"].median()
        return self

    def transform(self, frame: pd.DataFrame) -> pd.DataFrame:
        relative = frame["debt"] / self.middle_
        return frame.drop(columns="debt").assign(ratio=relative).reset_index(drop=True)


class DropsRows(Lengths):
    def transform(self, frame: pd.DataFrame) -> Any:
        return super().transform(frame)[1:]


class Words(Lengths):
    def transform(self, frame: pd.DataFrame) -> Any:
        return np.full((len(frame), 1), "word")


class Widens(Lengths):
    def transform(self, frame: pd.DataFrame) -> Any:
        return np.zeros((len(frame), 1 + (len(frame) % 2)))


class CannotTransform:
    def fit(self, frame: pd.DataFrame, target: Any) -> Self:
        return self


def not_a_class() -> None: ...
