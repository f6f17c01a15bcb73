"""A Kedro dataset that keeps a model as a skops file: reading one runs no code of its own."""

from __future__ import annotations

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
    "collections.OrderedDict",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMClassifier",
    "numpy.dtype",
)
"""What our models hold beyond the types that skops itself knows to be harmless."""
NEXT_STEP = "Next step: train the model again with `kedro run --pipelines=training`."


def dump_model(model: Pipeline, path: Path) -> None:
    """Write a model; the file appears at once and whole, in place of an older one."""
    with replacing(path) as unfinished:
        skops.io.dump(model, unfinished)


def load_model(path: Path) -> Pipeline:
    """Read a model, whatever wrote the file.

    Raises:
        IntegrityError: the file is damaged, or holds a type that is not in `TRUSTED_TYPES`; then
            nothing of it has been executed.
        FileNotFoundError: there is no such file.
    """
    try:
        return skops.io.load(path, trusted=list(TRUSTED_TYPES))
    except UntrustedTypesFoundException as error:
        raise IntegrityError(
            f"The model file {path} holds types that this project does not trust; nothing of it "
            f"was loaded. {str(error).splitlines()[0]} {NEXT_STEP}"
        ) from error
    except (BadZipFile, EOFError, KeyError, TypeError, ValueError) as error:
        raise IntegrityError(f"The model file {path} is damaged: {error}. {NEXT_STEP}") from error


class SkopsModelDataset(AbstractDataset[Pipeline, Pipeline]):
    """A fitted scikit-learn pipeline in one skops file."""

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        """Keep a model at `filepath`.

        Args:
            filepath: Path of the file.
            metadata: Anything; Kedro's plugins read their part of it.
        """
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> Pipeline:
        """Read the model; see `load_model`."""
        return load_model(self._filepath)

    def save(self, data: Pipeline) -> None:
        """Write the model; see `dump_model`."""
        dump_model(data, self._filepath)

    def _exists(self) -> bool:
        return self._filepath.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath.as_posix()}
