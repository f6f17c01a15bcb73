"""Which raw feature each input of an estimator was made from, and how it is encoded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.impute import MissingIndicator
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from experiment_cycle.training.preprocessing.dates import Dates
from experiment_cycle.training.preprocessing.preprocessor import Preprocessor


class Encoded(NamedTuple):
    """What one branch of the preprocessing makes of its columns.

    Attributes:
        steps: The fitted steps, from raw rows to inputs.
        features: The raw feature of each input.
        levels: Whether the inputs tell levels of categories apart: by code, or one input a level.
        one_hot: Whether they do so by one input a level.
    """

    steps: Pipeline
    features: tuple[str, ...]
    levels: bool
    one_hot: bool


@dataclass(frozen=True)
class ModelParts:
    """A model taken apart: `own` is the user's transformer of whole tables, or None.

    With one, what is called a raw feature here is a column that it makes.
    """

    own: Any
    branches: tuple[Encoded, ...]
    preprocess: Any
    estimator: Any

    @classmethod
    def of(cls, model: Any) -> ModelParts | None:
        """Take a model of this project apart; None where it is made of other steps."""
        steps = getattr(model, "named_steps", {})
        preprocess, estimator = steps.get("preprocess"), steps.get("estimator")
        own = None
        columns = preprocess
        if isinstance(preprocess, Pipeline):
            own, columns = (preprocess.named_steps.get(name) for name in ("own", "columns"))
        if not isinstance(columns, Preprocessor) or estimator is None:
            return None
        return cls(own, tuple(_branches(columns)), preprocess, estimator)

    @property
    def features(self) -> tuple[str, ...]:
        """The raw feature of each input of the estimator, shape (inputs,)."""
        return tuple(name for branch in self.branches for name in branch.features)

    def table(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Make the table that the branches read."""
        return frame if self.own is None else self.own.transform(frame)


def _branches(preprocess: Preprocessor) -> Iterator[Encoded]:
    for name, steps in preprocess.branches:
        start, end = preprocess.spans_[name]
        kinds = [type(step) for _, step in steps.steps]
        one_hot = OneHotEncoder in kinds
        yield Encoded(
            steps, tuple(_origins(steps, end - start)), one_hot or OrdinalEncoder in kinds, one_hot
        )


def _origins(steps: Pipeline, width: int) -> Iterator[str]:
    """Name the column that each input of a branch was made from."""
    read, last = steps[0], steps[-1]
    if isinstance(last, MissingIndicator):
        yield from (read.columns[position] for position in last.features_)
    elif isinstance(read, Dates):
        for name, parts in zip(read.columns, read.parts, strict=True):
            yield from [name] * len(parts)
    else:
        # target encodings of several classes, and what is made of one column, stand together
        for name in read.columns:
            yield from [name] * (width // len(read.columns))


def distinct(names: tuple[str, ...]) -> tuple[tuple[str, ...], np.ndarray[Any, np.dtype[np.int64]]]:
    """Name each feature once, in order, and number the feature of each input, shape (inputs,)."""
    codes, found = pd.factorize(np.asarray(names, dtype=object))
    return tuple(map(str, found)), codes.astype(np.int64)
