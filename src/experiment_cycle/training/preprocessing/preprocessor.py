"""The preprocessing as one transformer: raw rows in, the matrix of an estimator out."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

from experiment_cycle.training.preprocessing.readers import Names, refuse_missing_columns
from experiment_cycle.training.preprocessing.stacking import beside, mostly_zero


class Preprocessor(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Sends each column through its branch, and puts the outputs side by side.

    Unlike scikit-learn's ColumnTransformer it copies no part of the table: each branch reads what
    it needs, and other columns may be in the table as well.

    Args:
        columns: Names of the columns the branches read.
        branches: Name and steps of each; they are fitted in place, as a pipeline's are.
        dense: Whether the estimator reads dense matrices only.
    """

    def __init__(
        self, columns: tuple[str, ...], branches: list[tuple[str, Pipeline]], dense: bool
    ) -> None:
        self.columns = columns
        self.branches = branches
        self.dense = dense

    def fit(self, frame: pd.DataFrame, target: Any = None) -> Self:
        """Fit every branch."""
        self.fit_transform(frame, target)
        return self

    def fit_transform(
        self, frame: pd.DataFrame, target: Any = None, groups: npt.NDArray[np.int64] | None = None
    ) -> Any:
        """Fit every branch and transform the rows it is fitted on.

        Args:
            frame: Training rows.
            target: Their encoded target, shape (n,).
            groups: The group of each row, which the folds of a target encoding do not divide.

        Returns:
            The matrix, shape (n, inputs), dense in rows or sparse (CSR). It is not what
            `transform` returns for the same rows: target encodings are fitted crosswise.
        """
        refuse_missing_columns(frame, self.columns)
        self.feature_names_in_ = np.asarray(self.columns, dtype=object)
        self.n_features_in_ = len(self.columns)
        outputs = []
        for _, steps in self.branches:
            if groups is None or not _keeps_groups_whole(steps):
                outputs.append(steps.fit_transform(frame, target))
            else:
                with config_context(enable_metadata_routing=True):
                    outputs.append(steps.fit_transform(frame, target, groups=groups))
        ends = np.cumsum([output.shape[1] for output in outputs]).tolist()
        spans = zip(self.branches, [0, *ends[:-1]], ends, strict=True)
        self.spans_ = {name: (start, end) for (name, _), start, end in spans}
        self.sparse_ = not self.dense and mostly_zero(outputs)
        return beside(outputs, self.sparse_)

    def transform(self, frame: pd.DataFrame) -> Any:
        """Transform rows, shape (n, inputs).

        Raises:
            DataError: a column is missing, or holds what no model reads.
        """
        refuse_missing_columns(frame, self.columns)
        return beside([steps.transform(frame) for _, steps in self.branches], self.sparse_)

    def get_feature_names_out(self, names: Any = None) -> Names:
        """Name the inputs of the estimator."""
        return np.concatenate([_names(steps) for _, steps in self.branches])

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "spans_")


def _keeps_groups_whole(steps: Pipeline) -> bool:
    return any(isinstance(getattr(step, "cv", None), GroupKFold) for _, step in steps.steps)


def _names(steps: Pipeline) -> Names:
    """Name the outputs of a branch; one-hot ones by the levels, which their encoder never saw."""
    read, encoder = steps[0], steps[min(1, len(steps) - 1)]
    if not isinstance(encoder, OneHotEncoder):
        return np.asarray(steps.get_feature_names_out(), dtype=object)
    names = []
    for position, codes in enumerate(encoder.categories_):
        rare = encoder.infrequent_categories_[position]
        # a missing value is equal to none
        few = [] if rare is None else [str(code) for code in rare]
        names += [read.named(position, code) for code in codes if str(code) not in few]
        names += [] if rare is None else [f"{read.columns[position]}_rare"]
    return np.asarray(names, dtype=object)
