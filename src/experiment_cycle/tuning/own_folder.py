"""A temporary folder of a search, which later searches remove if its process was killed."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

ALIVE = "alive.lock"
"""Held by the process that made the folder, and freed by the system when that dies."""
SETTLED_SECONDS = 60.0
"""A younger folder may not be locked yet."""


class OwnFolder:
    """A new folder for temporary files, with those removed that dead processes left.

    Args:
        prefix: Of its name; folders of this prefix, in the same place and of this user, are looked
            through. One without a lock is nobody's of ours, and stays.
        place: Where it is made; None: the system's folder for temporary files.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, prefix: str, place: str | None = None) -> None:
        parent = Path(place or tempfile.gettempdir())
        remove_left(prefix, parent)
        self.path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        self._lock = FileLock(self.path / ALIVE)
        self._lock.acquire(timeout=0)

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *_: object) -> None:
        self.remove()

    def remove(self) -> None:
        """Remove it with all that is in it."""
        self._lock.release()
        shutil.rmtree(self.path, ignore_errors=True)


def remove_left(prefix: str, place: Path) -> None:
    """Remove folders whose process is gone without having removed them.

    Args:
        prefix: Of their names.
        place: Where they are.
    """
    for folder in sorted(place.glob(f"{prefix}*")):
        # it may go while one looks, and then need not be removed
        with suppress(OSError, Timeout):
            if _is_ours(folder):
                lock = FileLock(folder / ALIVE)
                lock.acquire(timeout=0)
                lock.release()
                shutil.rmtree(folder, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    status = folder.lstat()
    mine = not hasattr(os, "getuid") or status.st_uid == os.getuid()
    settled = (folder / ALIVE).lstat().st_mtime < time.time() - SETTLED_SECONDS
    return mine and settled and folder.is_dir() and not folder.is_symlink()
