"""The file that a study of Optuna's is kept in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Self

import optuna
from filelock import FileLock, Timeout
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial

from experiment_cycle.errors import BackendError, IntegrityError
from experiment_cycle.tuning.contract import Study

LOCK_GRACE = 5
"""Seconds after which the lock of a process that died while writing is taken away."""


class StudyFile:
    """A journal of Optuna's, one line a trial, for one process at a time."""

    def __init__(self, folder: Path, study: Study) -> None:
        self.direction: Literal["maximize", "minimize"] = (
            "maximize" if study.greater_is_better else "minimize"
        )
        self._name = study.key
        self._path = folder / f"{study.key}.journal"
        self._lock = FileLock(folder / f".{study.key}.lock", timeout=0)
        self._study: optuna.Study | None = None

    @property
    def exists(self) -> bool:
        """Whether there is anything of the study."""
        return self._path.exists()

    @contextmanager
    def opened(self) -> Iterator[Self]:
        """Hold the study for this process while the block runs.

        Raises:
            BackendError: another process is at it, or its files cannot be written.
        """
        try:
            self._lock.acquire()
        except Timeout as error:
            raise BackendError(
                f"The study {self._path} is being searched by another process. Next step: wait "
                "for it, or stop it; what it has finished is kept."
            ) from error
        except OSError as error:
            raise self._not_writable(error) from error
        try:
            yield self
        finally:
            self._lock.release()

    def read(self) -> list[FrozenTrial]:
        """Read the trials in the order they were kept; none where there is no study.

        Raises:
            IntegrityError: the file is damaged.
        """
        return self._loaded().trials if self.exists else []

    def add(self, trial: FrozenTrial) -> None:
        """Write one trial down.

        Raises:
            BackendError: it cannot be written.
        """
        try:
            self._loaded().add_trial(trial)
        except OSError as error:
            raise self._not_writable(error) from error

    @property
    def spent(self) -> float:
        """Seconds that were spent when the time was last up; 0 where it never was."""
        if not self.exists:
            return 0.0
        return float(self._loaded().user_attrs.get("spent", 0.0))

    @spent.setter
    def spent(self, seconds: float) -> None:
        if seconds > self.spent:
            self._loaded().set_user_attr("spent", round(seconds, 3))

    def _loaded(self) -> optuna.Study:
        if self._study is None:
            try:
                self._study = self._load()
            except OSError as error:
                raise self._not_writable(error) from error
            except IntegrityError:
                raise
            # a damaged journal raises what its part at fault raises
            except Exception as error:
                raise IntegrityError(
                    f"The study {self._path} cannot be read: {type(error).__name__}: {error}. Next "
                    "step: delete the file; the search then starts anew."
                ) from error
        return self._study

    def _load(self) -> optuna.Study:
        _drop_unfinished_line(self._path)
        # Optuna's default lock is a symbolic link, which Windows does not let everyone make
        lock = JournalFileOpenLock(str(self._path), grace_period=LOCK_GRACE)
        storage = JournalStorage(JournalFileBackend(str(self._path), lock_obj=lock))
        # asked first, because creating a study writes a line even where there is one
        if self._name in optuna.get_all_study_names(storage):
            return optuna.load_study(study_name=self._name, storage=storage)
        return optuna.create_study(study_name=self._name, storage=storage, direction=self.direction)

    def _not_writable(self, error: OSError) -> BackendError:
        return BackendError(
            f"The study {self._path} cannot be read and written: {error}. Next step: see that the "
            "disk is not full and that the folder is yours to write, then run again; finished "
            "trials are kept."
        )


def _drop_unfinished_line(file: Path) -> None:
    """Cut off what a dying process left half written, so that the next line starts on its own.

    Raises:
        IntegrityError: a line before the last one is no JSON.
    """
    if not file.exists():
        return
    content = file.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    for number, line in enumerate(whole.splitlines(), start=1):
        try:
            json.loads(line)
        except ValueError as error:
            raise IntegrityError(
                f"Line {number} of the study {file} is damaged. Next step: delete the file; the "
                "search then starts anew."
            ) from error
    if len(whole) < len(content):
        with file.open("r+b") as handle:
            handle.truncate(len(whole))
