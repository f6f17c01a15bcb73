"""Who runs a trial: one worker at a time, and nobody once that one is dead."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from experiment_cycle.errors import BackendError

if sys.platform == "win32":
    import msvcrt

    def _lock(file: int, place: int) -> None:
        os.lseek(file, place, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

    def _unlock(file: int, place: int) -> None:
        os.lseek(file, place, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(file: int, place: int) -> None:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)

    def _unlock(file: int, place: int) -> None:
        fcntl.lockf(file, fcntl.LOCK_UN, 1, place)


class Claims:
    """The right to run a trial: a lock on one byte of a file, the number being its place.

    The system takes it from a process that dies. There is nothing to tidy up, and it costs next to
    nothing. One object a study and process: locks of one process do not exclude each other.
    """

    def __init__(self, folder: Path) -> None:
        """Open the claims of a study.

        Raises:
            BackendError: the folder cannot be written.
        """
        self._path = folder / "claims"
        self._held: set[int] = set()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise self._not_possible(error) from error

    def take(self, number: int) -> bool:
        """Claim a trial; False: a worker is at it, perhaps this one.

        Whoever gets it must look whether the trial was finished meanwhile.

        Raises:
            BackendError: the disk knows no locks.
        """
        if number in self._held:
            return False
        try:
            _lock(self._file, number)
        except (BlockingIOError, PermissionError):
            return False
        except OSError as error:
            raise self._not_possible(error) from error
        self._held.add(number)
        return True

    def give_up(self, number: int) -> None:
        """Let others have a trial, or leave it once it is kept."""
        self._held.discard(number)
        _unlock(self._file, number)

    def close(self) -> None:
        """Give up all there are."""
        self._held.clear()
        os.close(self._file)

    def _not_possible(self, error: OSError) -> BackendError:
        return BackendError(
            f"Trials cannot be claimed in {self._path}: {error}. Next step: see that the disk is "
            "not full, that it knows file locks and that the folder is yours to write, then run "
            "again; finished trials are kept."
        )
