"""Train and validation as matrices: made once, fitted on many times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from experiment_cycle.problem import Problem
from experiment_cycle.training.features import Features

Floats = npt.NDArray[np.float64]
Queries = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Prepared:
    """What an estimator is fitted on; matrices are (rows, inputs), dense or sparse.

    For ranking, the rows of both parts are sorted by query (stable), and `train_query` and
    `validation_query` number them, shape (n,); None for other problems. `train_weight` is None
    where all rows count alike; validation is never weighted. `categorical` are the positions of
    the matrix's columns that hold category codes; `preprocess` is a fitted transformer of raw
    feature frames.
    """

    problem: Problem
    features: Features
    preprocess: Any
    categorical: tuple[int, ...]
    train: Any
    train_target: npt.NDArray[Any]
    validation: Any
    validation_target: npt.NDArray[Any]
    train_weight: Floats | None = None
    train_query: Queries | None = None
    validation_query: Queries | None = None
