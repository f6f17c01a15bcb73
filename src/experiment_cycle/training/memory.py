"""The memory of a fit: what can be given back before it, what to say where it does not suffice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow

from experiment_cycle.errors import TrainingError

MIB = 2**20
NUMBER = 8
"""Bytes of a number in a matrix."""
SIGNS = ("bad_alloc", "can't allocate memory", "cannot allocate memory", "out of memory")
"""How libraries that do not raise MemoryError put it."""


def give_back_unused() -> None:
    """Give back what was needed to read tables from Parquet: Arrow keeps it otherwise.

    That can be more than the tables themselves.
    """
    pyarrow.default_memory_pool().release_unused()


@contextmanager
def explaining_lack_of_memory(rows: int, inputs: int) -> Iterator[None]:
    """Turn a lack of memory inside the block into an error that says how much is needed.

    Args:
        rows: Training rows.
        inputs: Columns of what is fitted on.

    Raises:
        TrainingError: there was too little memory.
    """
    try:
        yield
    except Exception as error:
        if not _is_lack_of_memory(error):
            raise
        needed = rows * inputs * NUMBER
        told = f" ({error})" if str(error) else ""
        raise TrainingError(
            f"There is too little memory to train{told}. The training rows are {rows} x {inputs} "
            f"inputs, {needed} bytes ({needed / MIB:.0f} MiB) for one copy of their matrix, and a "
            "fit needs several. Next step: use fewer rows or columns (columns.drop), fewer levels "
            "a category (training.preprocessing.categorical.max_levels), a smaller model or batch, "
            "or a machine with more memory."
        ) from error


def _is_lack_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or (
        not isinstance(error, OSError) and any(sign in str(error).lower() for sign in SIGNS)
    )
