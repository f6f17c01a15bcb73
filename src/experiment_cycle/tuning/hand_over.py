"""Work for other processes, as files: their arrays are mapped into memory, not copied."""

from __future__ import annotations

import json
import mmap
import pickle
from pathlib import Path
from typing import Any

CONTENT, ARRAYS, PLACES = "content.pickle", "arrays.bin", "places.json"
ALIGNMENT = 64
"""Bytes; where numeric libraries like an array to begin."""


def write_work(folder: Path, work: Any) -> None:
    """Write an object down for `read_work`.

    Args:
        folder: A new one that nobody else can write to.
        work: The object; what holds arrays, as SciPy's matrices and pandas' tables do, hands them
            over apart (PEP 574).

    Raises:
        Exception: the object cannot be pickled; what its part at fault raises.
        OSError: it cannot be written.
    """
    arrays: list[pickle.PickleBuffer] = []
    content = pickle.dumps(work, protocol=5, buffer_callback=arrays.append)
    places = []
    with (folder / ARRAYS).open("wb") as handle:
        for array in arrays:
            handle.write(bytes(-handle.tell() % ALIGNMENT))
            places.append((handle.tell(), array.raw().nbytes))
            handle.write(array.raw())
    (folder / PLACES).write_text(json.dumps(places), "utf-8")
    (folder / CONTENT).write_bytes(content)


def read_work(folder: Path) -> Any:
    """Read what `write_work` of this very run has written.

    Processes share the memory of arrays; who writes to one, gets pages of its own.
    """
    places = json.loads((folder / PLACES).read_text("utf-8"))
    arrays: list[memoryview] = []
    if any(size for _, size in places):
        with (folder / ARRAYS).open("rb") as handle:
            mapped = memoryview(mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_COPY))
        arrays = [mapped[start : start + size] for start, size in places]
    else:
        arrays = [memoryview(bytearray()) for _ in places]
    # the folder is this run's own, and nobody else can write to it
    return pickle.loads((folder / CONTENT).read_bytes(), buffers=arrays)  # noqa: S301  # nosec B301
