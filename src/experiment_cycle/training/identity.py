"""Which model this is: a hash of what was learned, never of a file."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.pipeline import Pipeline

from experiment_cycle.training.records import ModelRecord

NOT_LEARNED = frozenset(
    {
        # how a fit was run, not what came of it
        "n_jobs",
        "n_threads",
        "thread_count",
        "verbose",
        "verbosity",
        "_optimizer",
        "_no_improvement_count",
        # how the model did while it learned; two equal models stay equal on other rows
        "_best_score",
        "_evals_result",
        "best_loss_",
        "best_validation_score_",
        "loss_curve_",
        "train_score_",
        "validation_score_",
        "validation_scores_",
    }
)
GENERATORS = (np.random.Generator, np.random.RandomState, np.random.BitGenerator)
"""What a fit drew from; nothing is drawn to predict."""
VARYING_LINES = ("[num_threads:", "[verbosity:", "[metric:")
"""Parameters in the text of a LightGBM booster that leave its trees as they are."""


def model_identity(model: Any) -> str:
    """Hash a fitted model: SHA-256 (hex) of its canonical fitted state.

    The state is walked from the top: classes, attributes by name, arrays as type, shape and
    bytes, boosters as text. Equal for two trainings with the same data, seed and hyperparameters
    whatever the number of threads, and after a file was written and read back.

    Args:
        model: A fitted scikit-learn estimator or pipeline.

    Raises:
        TypeError: the model holds an object whose state cannot be read.
    """
    return state_hash(model)


def state_hash(value: Any) -> str:
    """Hash arrays, plain values, collections and fitted estimators: SHA-256 (hex) of their state.

    Raises:
        TypeError: it holds an object whose state cannot be read.
    """
    digest = hashlib.sha256()
    for token in _walk(value, ()):
        # the length goes first, so that no two sequences of tokens run together alike
        digest.update(struct.pack("<Q", len(token)))
        digest.update(token)
    return digest.hexdigest()


def describe_model(model: Pipeline, **known: Any) -> ModelRecord:
    """Describe a fitted pipeline of the steps `preprocess` and `estimator`.

    Args:
        model: Its identity and the columns it reads are found out.
        known: The other fields of `ModelRecord`.
    """
    return ModelRecord(
        identity=model_identity(model),
        features=tuple(str(name) for name in model["preprocess"].feature_names_in_),
        **known,
    )


def _walk(value: Any, above: tuple[int, ...]) -> Iterator[bytes]:
    """Yield the tokens of a value; `above` are the ids of the objects it lies in."""
    if id(value) in above:
        raise TypeError(f"A {type(value).__name__} holds itself; its identity cannot be told.")
    plain = _scalar(value)
    if plain is not None:
        yield plain
    elif isinstance(value, np.ndarray):
        yield from _array(value, above)
    elif isinstance(value, Mapping):
        yield from _pairs(value.items(), (*above, id(value)))
    elif isinstance(value, GENERATORS):
        yield b"random numbers"
    elif isinstance(value, list | tuple):
        yield b"sequence %d" % len(value)
        for item in value:
            yield from _walk(item, (*above, id(value)))
    elif isinstance(value, set | frozenset):
        members = sorted(b"".join(_walk(item, above)) for item in value)
        yield b"set %d" % len(members)
        yield from members
    elif isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
        yield f"name {_path(value)}".encode()
    elif sparse.issparse(value):
        yield from _sparse(value, above)
    else:
        yield from _object(value, above)


def _scalar(value: Any) -> bytes | None:
    """Encode a single value; None if it is not one. A numpy scalar counts as Python's."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int):
        return f"{type(value).__name__} {value}".encode()
    if isinstance(value, float):
        return f"float {value.hex()}".encode()
    if isinstance(value, str):
        return b"str " + value.encode("utf-8", "surrogatepass")
    if isinstance(value, bytes | bytearray):
        return b"bytes " + value
    if isinstance(value, slice | np.dtype):
        return f"{type(value).__name__} {value}".encode()
    return None


def _array(array: np.ndarray[Any, Any], above: tuple[int, ...]) -> Iterator[bytes]:
    yield f"array {array.dtype.newbyteorder('<').str} {array.shape}".encode()
    if array.dtype.names is not None:
        # field by field, because what lies between them is not defined
        for name in array.dtype.names:
            yield name.encode()
            yield from _array(array[name], above)
    elif array.dtype.hasobject:
        for item in array.ravel().tolist():
            yield from _walk(item, (*above, id(array)))
    else:
        yield np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes()


def _sparse(matrix: Any, above: tuple[int, ...]) -> Iterator[bytes]:
    columns = matrix.tocsc()
    yield b"sparse"
    for part in (columns.shape, columns.indptr, columns.indices, columns.data):
        yield from _walk(part, above)


def _pairs(items: Any, above: tuple[int, ...]) -> Iterator[bytes]:
    """Yield keys and values, sorted by key."""
    encoded = sorted(
        ((b"".join(_walk(key, above)), item) for key, item in items), key=itemgetter(0)
    )
    yield b"mapping %d" % len(encoded)
    for key, item in encoded:
        yield key
        yield from _walk(item, above)


def _object(value: Any, above: tuple[int, ...]) -> Iterator[bytes]:
    yield f"object {_path(type(value))}".encode()
    if hasattr(value, "model_to_string"):
        yield _booster_text(value)
        return
    state = value.__getstate__()
    if not isinstance(state, Mapping):
        yield from _walk(_other_state(value, state), (*above, id(value)))
        return
    learned = {
        name: item
        for name, item in state.items()
        # scikit-learn adds its own version, which is not learned either
        if name not in NOT_LEARNED and name != "_sklearn_version"
    }
    yield from _pairs(learned.items(), (*above, id(value)))


def _other_state(value: Any, state: Any) -> Any:
    """Find the state of an object that has no attributes by name."""
    kind = type(value)
    if state is not None:  # slots
        return state
    own: Any = kind.__reduce__
    if own is not object.__reduce__:  # compiled
        return value.__reduce__()
    if hasattr(value, "__dict__"):  # there is nothing in it
        return {}
    raise TypeError(
        f"The identity of a model that holds a {_path(kind)} cannot be told: its state cannot be "
        "read."
    )


def _booster_text(booster: Any) -> bytes:
    """Write a LightGBM booster up to its best round, without the lines that may vary."""
    lines = booster.model_to_string().splitlines()
    return "\n".join(line for line in lines if not line.startswith(VARYING_LINES)).encode()


def _path(named: Any) -> str:
    return f"{named.__module__}.{named.__qualname__}"
