"""Which fit this is: two fits with one key compute the same, step by step."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from experiment_cycle.options import fingerprint
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.prepared import Prepared

LIBRARIES = {
    "lightgbm": ("lightgbm",),
    "xgboost": ("xgboost", "xgboost-cpu"),
    "skorch": ("torch", "skorch"),
}
"""What fits an estimator, besides scikit-learn."""
ROWS = 2**14


def fit_key(
    estimator: str,
    prepared: Prepared,
    hyperparameters: dict[str, Any],
    options: TrainingOptions,
    seed: int,
) -> str:
    """Hash everything a fit and its curves depend on (SHA-256, hex).

    The number of threads is not part of it, nor is how often checkpoints are written.
    """
    return fingerprint(
        {
            "data": data_hash(prepared),
            "estimator": estimator,
            "hyperparameters": _plain(hyperparameters),
            "seed": seed,
            "metrics": options.metrics,
            "early_stopping": options.early_stopping.model_dump(mode="json"),
            "code": code_versions(estimator, hyperparameters),
        }
    )


def data_hash(prepared: Prepared) -> str:
    """Hash the data as the estimator reads them: matrices, targets, weights, queries."""
    digest = hashlib.sha256()
    for array in (
        *(prepared.train, prepared.train_target, prepared.train_weight, prepared.train_query),
        *(prepared.validation, prepared.validation_target, prepared.validation_query),
    ):
        for part in _parts(array):
            head = f"{part.dtype.newbyteorder('<').str} {part.shape} "
            digest.update(head.encode())
            # in slices, because each may have to be copied
            for start in range(0, part.shape[0], ROWS):
                rows = np.ascontiguousarray(part[start : start + ROWS])
                digest.update(rows.reshape(-1).view(np.uint8).data)
    rest = [prepared.problem.model_dump(mode="json"), *prepared.categorical]
    digest.update(repr(rest).encode())
    return digest.hexdigest()


def code_versions(estimator: str, hyperparameters: dict[str, Any]) -> dict[str, str | None]:
    """Tell the versions of what fits an estimator; of code of the user's own, its hash."""
    names = ("experiment-cycle", "numpy", "scikit-learn", *LIBRARIES.get(estimator, ()))
    versions = {name: _version(name) for name in names}
    own = hyperparameters.get("path" if estimator == "custom" else "module")
    if isinstance(own, str):
        versions[own] = _source_hash(own)
    return versions


def _parts(array: Any) -> Iterator[np.ndarray[Any, Any]]:
    """Yield an array, or those that a sparse matrix is made of; nothing of what is missing."""
    if array is None:
        return
    is_sparse = bool(sparse.issparse(array))
    if is_sparse:
        rows = array.tocsr()
        yield from (np.asarray(rows.shape), rows.indptr, rows.indices, rows.data)
    else:
        yield np.asarray(array)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Write hyperparameters so that JSON takes them; a value of no plain type by its `repr`."""
    plain = (bool, int, str, type(None))
    return {
        name: value if isinstance(value, plain) else repr(value) for name, value in values.items()
    }


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _source_hash(path: str) -> str | None:
    """Hash the file that defines a dotted path; None where it has none."""
    try:
        found = find_spec(path.rpartition(".")[0])
    except (ImportError, ValueError):
        return None
    if found is None or found.origin is None or not Path(found.origin).is_file():
        return None
    return hashlib.sha256(Path(found.origin).read_bytes()).hexdigest()
