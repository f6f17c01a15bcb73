"""Transformers of the user's own, named by dotted path."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.utils import get_tags

from experiment_cycle.errors import ConfigurationError, DataError
from experiment_cycle.training.dotted_paths import load_class, refuse_unknown_parameters
from experiment_cycle.training.preprocessing.readers import Reader, refuse_missing_columns
from experiment_cycle.training.preprocessing.stacking import is_sparse


def load_transformer(path: str, parameters: dict[str, Any], key: str) -> Any:
    """Make the transformer a dotted path names.

    Args:
        path: Such as `my_project.features.Distances`.
        parameters: What its constructor takes.
        key: Where the path stands in the parameters, for messages.

    Raises:
        ConfigurationError: nothing can be imported there, it is no transformer, or it does not
            take the parameters.
    """
    found = load_class(path, f"{key}.transformer", "my_project.features.Distances")
    where = f"{key}.transformer is '{path}'"
    lacking = [need for need in ("fit", "transform") if not callable(getattr(found, need, None))]
    if lacking:
        raise ConfigurationError(
            f"{where}, which lacks {' and '.join(lacking)}. A transformer is a class with "
            "fit(frame, target) and transform(frame). Next step: name one, or add what is lacking."
        )
    refuse_unknown_parameters(found, parameters, f"{key}.parameters")
    try:
        return found(**parameters)
    except (TypeError, ValueError) as error:
        raise ConfigurationError(
            f"{where}, which cannot be made with the parameters {parameters}: {error}. Next step: "
            f"correct {key}.parameters."
        ) from error


class OwnTransformer(Reader):
    """A transformer of the user's, whose answers are checked."""

    def __init__(self, columns: tuple[str, ...], transformer: Any, key: str) -> None:
        super().__init__(columns)
        self.transformer = transformer
        self.key = key

    def fit(self, frame: pd.DataFrame, target: Any = None) -> Self:
        """Fit it on its columns."""
        self.fit_transform(frame, target)
        return self

    def fit_transform(self, frame: pd.DataFrame, target: Any = None) -> Any:
        """Fit it and transform its columns; by its own `fit_transform` where it has one."""
        refuse_missing_columns(frame, self.columns)
        given = self._given(frame)
        if hasattr(self.transformer, "fit_transform"):
            outputs = self.transformer.fit_transform(given, target)
        else:
            self.transformer.fit(given, target)
            outputs = self.transformer.transform(given)
        checked = self._checked(outputs, frame)
        self.feature_names_in_ = np.asarray(self.columns, dtype=object)
        self.n_features_in_ = len(self.columns)
        self.names_ = self._named(checked)
        return self._finished(checked, frame)

    def transform(self, frame: pd.DataFrame) -> Any:
        """Transform its columns.

        Raises:
            ConfigurationError: it returns another number of rows or columns, or no table.
            DataError: it fails on these rows.
        """
        refuse_missing_columns(frame, self.columns)
        checked = self._checked(self._transformed(frame), frame)
        if checked.shape[1] != len(self.names_):
            raise ConfigurationError(
                f"{self._who()} returned {len(self.names_)} columns for the training rows and "
                f"{checked.shape[1]} here. Next step: let it return the same ones always."
            )
        return self._finished(checked, frame)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "names_")

    def get_feature_names_out(self, names: Any = None) -> npt.NDArray[np.object_]:
        """Name the outputs."""
        return np.asarray(self.names_, dtype=object)

    def _given(self, frame: pd.DataFrame) -> Any:
        return frame[list(self.columns)]

    def _transformed(self, frame: pd.DataFrame) -> Any:
        """Let it transform rows it was not fitted on, and say what it fails on."""
        try:
            return self.transformer.transform(self._given(frame))
        except (TypeError, ValueError, KeyError, ArithmeticError, AttributeError) as error:
            raise DataError(
                f"{self._who()} fails on {', '.join(map(repr, self.columns))}: "
                f"{type(error).__name__}: {error}. Next step: bring the rows in the types of the "
                "training data, or let it read what they hold."
            ) from error

    def _checked(self, outputs: Any, frame: pd.DataFrame) -> Any:
        if not hasattr(outputs, "shape"):
            outputs = np.asarray(outputs)
        if len(outputs.shape) == 1:
            outputs = outputs.to_frame() if hasattr(outputs, "to_frame") else outputs[:, None]
        if outputs.shape[0] != len(frame):
            raise ConfigurationError(
                f"{self._who()} returned {outputs.shape[0]} rows for {len(frame)}. A transformer "
                "returns a row for each it is given, in their order. Next step: correct it; rows "
                "are left out in the raw data."
            )
        return outputs

    def _named(self, outputs: Any) -> tuple[str, ...]:
        if hasattr(outputs, "columns"):
            return tuple(str(name) for name in outputs.columns)
        if hasattr(self.transformer, "get_feature_names_out"):
            return tuple(str(name) for name in self.transformer.get_feature_names_out())
        stem = self.columns[0] if len(self.columns) == 1 else "own"
        return tuple(f"{stem}_{number}" for number in range(outputs.shape[1]))

    def _finished(self, outputs: Any, frame: pd.DataFrame) -> Any:
        raise NotImplementedError

    def _who(self) -> str:
        return f"The transformer {type(self.transformer).__qualname__} ({self.key}.transformer)"


class OwnTable(OwnTransformer):
    """A transformer of all raw features, whose outputs are columns like those of the raw table."""

    def _finished(self, outputs: Any, frame: pd.DataFrame) -> pd.DataFrame:
        if is_sparse(outputs):
            outputs = outputs.toarray()
        if isinstance(outputs, pd.DataFrame):
            return outputs.set_axis(frame.index, axis=0).set_axis(list(self.names_), axis=1)
        return pd.DataFrame(outputs, index=frame.index, columns=list(self.names_))


class OwnColumn(OwnTransformer):
    """A transformer of one column, whose outputs are inputs of the estimator."""

    def _given(self, frame: pd.DataFrame) -> Any:
        tags = get_tags(self.transformer).input_tags if _has_tags(self.transformer) else None
        if tags is None or tags.two_d_array:
            return frame[list(self.columns)]
        # what reads documents, such as TfidfVectorizer, would read a table's column names
        column = frame[self.columns[0]]
        return column.astype(object).where(column.notna(), "") if tags.string else column

    def _finished(self, outputs: Any, frame: pd.DataFrame) -> Any:
        if is_sparse(outputs):
            return outputs.tocsr()
        try:
            return np.asarray(outputs, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ConfigurationError(
                f"{self._who()} returned something else than numbers: {error}. Next step: let it "
                "return numbers, or put it first (training.preprocessing.transformer)."
            ) from error


def _has_tags(transformer: Any) -> bool:
    return hasattr(transformer, "__sklearn_tags__")
