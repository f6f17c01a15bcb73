"""Train and validation as matrices: made once, fitted on many times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.compose import ColumnTransformer

from experiment_cycle.columns import Columns
from experiment_cycle.errors import DataError
from experiment_cycle.training.features import Features, refuse_infinite, usable_features

Labels = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Prepared:
    """What an estimator is fitted on; matrices are (rows, inputs), dense or sparse.

    `categorical` are the positions of the matrix's columns that hold category codes.
    """

    features: Features
    preprocess: ColumnTransformer
    categorical: tuple[int, ...]
    train: Any
    train_target: Labels
    validation: Any
    validation_target: Labels


def prepare_data(
    make_preprocess: Callable[[Features], ColumnTransformer],
    train: pd.DataFrame,
    validation: pd.DataFrame,
    columns: Columns,
) -> Prepared:
    """Fit the preprocessing on the training rows, and pass both tables through it.

    Args:
        make_preprocess: Makes the unfitted preprocessing an estimator wants.
        train: Training rows, as cut from the dataset.
        validation: Validation rows, same columns.
        columns: The roles of the columns.

    Raises:
        DataError: a part has one class only, a feature is infinite, or no feature is left.
    """
    features = usable_features(train, columns)
    level = columns.positive_level(train[columns.target])
    targets = {}
    for part, frame in (("train", train), ("validation", validation)):
        refuse_infinite(frame, features, part)
        targets[part] = columns.labels(frame[columns.target], level)
        _refuse_one_class(targets[part], part, columns)
    preprocess = make_preprocess(features)
    matrix = preprocess.fit_transform(train[features.names])
    outputs = preprocess.output_indices_.get("categorical", slice(0, 0))
    return Prepared(
        features=features,
        preprocess=preprocess,
        categorical=tuple(range(outputs.start, outputs.stop)),
        train=matrix,
        train_target=targets["train"],
        validation=preprocess.transform(validation[features.names]),
        validation_target=targets["validation"],
    )


def _refuse_one_class(target: Labels, part: str, columns: Columns) -> None:
    positive = int(target.sum())
    if positive in {0, len(target)}:
        raise DataError(
            f"Target '{columns.target}' has one class only in {part}: {positive} of {len(target)} "
            "rows are positive. Next step: check columns.positive, and split again with a strategy "
            "that is stratified."
        )
