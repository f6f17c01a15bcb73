"""A Kedro dataset that keeps a model as a skops file: reading one runs no code of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import skops.io
from kedro.io import AbstractDataset
from sklearn.pipeline import Pipeline
from skops.io.exceptions import UntrustedTypesFoundException

from experiment_cycle.errors import IntegrityError
from experiment_cycle.replacing import replacing

TRUSTED_TYPES = (
    "experiment_cycle.training.boosted.BoostedClassifier",
    "experiment_cycle.training.boosted.BoostedRegressor",
    "experiment_cycle.training.calibrated.CalibratedClassifier",
    "experiment_cycle.training.calibrated.SigmoidMap",
    "experiment_cycle.training.dense_inputs.DenseInputs",
    "experiment_cycle.training.network_model.NetworkClassifier",
    "experiment_cycle.training.network_model.NetworkRegressor",
    "experiment_cycle.training.preprocessing.dates.Dates",
    "experiment_cycle.training.preprocessing.own.OwnColumn",
    "experiment_cycle.training.preprocessing.own.OwnTable",
    "experiment_cycle.training.preprocessing.preprocessor.Preprocessor",
    "experiment_cycle.training.preprocessing.readers.Levels",
    "experiment_cycle.training.preprocessing.readers.Numbers",
    "experiment_cycle.training.preprocessing.scaling.Scaling",
    "experiment_cycle.training.xgboost_model.XGBoostClassifier",
    "experiment_cycle.training.xgboost_model.XGBoostRegressor",
    "functools.partial",
    "lightgbm.basic.Booster",
    "numpy.dtype",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.model_selection._split.GroupKFold",
    "sklearn.model_selection._split.KFold",
    "sklearn.tree._tree.Tree",
    "sklearn.utils.validation.check_array",
)
"""What our models hold beyond the types that skops itself knows to be harmless."""
NEXT_STEP = "Next step: train the model again with `kedro run --pipelines=training`."


def dump_model(model: Pipeline | list[Pipeline], path: Path) -> None:
    """Write a model, or several; the file appears at once and whole, in place of an older one."""
    with replacing(path) as unfinished:
        skops.io.dump(model, unfinished)


def load_model(path: Path, trusted_types: Sequence[str] = ()) -> Any:
    """Read a model, or several, whatever wrote the file.

    Args:
        path: The file.
        trusted_types: Types that are trusted besides `TRUSTED_TYPES`, as the user's configuration
            names them; never what a file says of itself, nor a record beside it.

    Raises:
        IntegrityError: the file is damaged, or holds a type that is not trusted; then nothing of
            it has been executed.
        FileNotFoundError: there is no such file.
    """
    try:
        return skops.io.load(path, trusted=[*TRUSTED_TYPES, *trusted_types])
    except UntrustedTypesFoundException as error:
        raise IntegrityError(
            f"The model file {path} holds types that this project does not trust; nothing of it "
            f"was loaded. {str(error).splitlines()[0]} Next step: if they are yours "
            "and you trust whoever wrote the file, name them in trusted_types of "
            "training.estimators.custom or training.preprocessing; else train the model again with "
            "`kedro run --pipelines=training`."
        ) from error
    except (BadZipFile, EOFError, KeyError, TypeError, ValueError) as error:
        raise IntegrityError(f"The model file {path} is damaged: {error}. {NEXT_STEP}") from error


class SkopsModelDataset(AbstractDataset[Any, Any]):
    """A fitted scikit-learn pipeline in one skops file, or a list of them."""

    def __init__(
        self,
        *,
        filepath: str,
        trusted_types: Sequence[str] = (),
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Keep a model at `filepath`.

        Args:
            filepath: Path of the file.
            trusted_types: Types of the user's own that the model may hold; see `load_model`.
            metadata: Anything; Kedro's plugins read their part of it.
        """
        self._filepath = Path(filepath)
        self._trusted_types = tuple(trusted_types)
        self.metadata = metadata

    def trust(self, types: Sequence[str]) -> None:
        """Trust more types of the user's own, as the configuration names them."""
        self._trusted_types = tuple(dict.fromkeys([*self._trusted_types, *types]))

    def load(self) -> Any:
        """Read the model, or the list of models; see `load_model`."""
        return load_model(self._filepath, self._trusted_types)

    def save(self, data: Pipeline | list[Pipeline]) -> None:
        """Write the model, or the list of models; see `dump_model`."""
        dump_model(data, self._filepath)

    def _exists(self) -> bool:
        return self._filepath.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath.as_posix()}
