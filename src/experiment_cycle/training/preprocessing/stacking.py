"""Matrices put side by side, in little more memory than the result takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

SPARSE_BELOW = 0.3
"""A matrix with a smaller share of values other than zero is held sparse."""


def is_sparse(output: Any) -> bool:
    """Tell whether a matrix is one of scipy's sparse ones."""
    return bool(sparse.issparse(output))


def mostly_zero(outputs: list[Any]) -> bool:
    """Tell whether matrices, side by side, are better held sparse; a dense one counts as full."""
    if not any(is_sparse(output) for output in outputs):
        return False
    filled = sum(output.nnz if is_sparse(output) else output.size for output in outputs)
    cells = sum(output.shape[0] * output.shape[1] for output in outputs)
    return bool(filled < SPARSE_BELOW * cells)


def beside(outputs: list[Any], as_sparse: bool) -> Any:
    """Put matrices with the same rows side by side.

    Args:
        outputs: Each (n, some columns), dense or sparse; the list is emptied on the way.
        as_sparse: Whether the result is sparse (CSR, float64), else dense (by rows, float64).
    """
    if as_sparse:
        return _sparse_beside(outputs)
    if len(outputs) == 1:
        return np.ascontiguousarray(_dense(outputs.pop()), dtype=np.float64)
    rows, end = outputs[0].shape[0], sum(output.shape[1] for output in outputs)
    matrix = np.empty((rows, end), dtype=np.float64)
    while outputs:
        output = outputs.pop()
        matrix[:, end - output.shape[1] : end] = _dense(output)
        end -= output.shape[1]
    return matrix


def _dense(output: Any) -> Any:
    return output.toarray() if is_sparse(output) else output


def _sparse_beside(outputs: list[Any]) -> Any:
    """Write each matrix to its place in the rows; scipy's hstack holds everything three times."""
    outputs[:] = [output.tocsr() if is_sparse(output) else output for output in outputs]
    rows, width = outputs[0].shape[0], sum(output.shape[1] for output in outputs)
    starts = np.zeros(rows + 1, dtype=np.int64)
    for output in outputs:
        starts[1:] += _per_row(output)
    np.cumsum(starts, out=starts)
    kind = np.int32 if max(starts[-1], width) < np.iinfo(np.int32).max else np.int64
    data = np.empty(starts[-1], dtype=np.float64)
    indices = np.empty(starts[-1], dtype=kind)
    # where the next matrix goes on in each row
    place = starts[:-1].copy()
    first = 0
    while outputs:
        output = outputs.pop(0)
        _write(output, place, first, data, indices)
        place += _per_row(output)
        first += output.shape[1]
    return sparse.csr_matrix((data, indices, starts.astype(kind)), shape=(rows, width))


def _per_row(output: Any) -> Any:
    return np.diff(output.indptr) if is_sparse(output) else output.shape[1]


def _write(
    output: Any,
    place: npt.NDArray[np.int64],
    first: int,
    data: npt.NDArray[np.float64],
    indices: npt.NDArray[Any],
) -> None:
    if not is_sparse(output):
        for column in range(output.shape[1]):
            data[place + column] = output[:, column]
            indices[place + column] = first + column
        return
    where = np.repeat(place - output.indptr[:-1], np.diff(output.indptr))
    where += np.arange(output.nnz)
    data[where] = output.data
    indices[where] = output.indices + first
