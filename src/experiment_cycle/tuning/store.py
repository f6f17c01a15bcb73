"""Where a study is kept: its finished trials, and what they predicted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import optuna
from filelock import FileLock
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from experiment_cycle.errors import BackendError, IntegrityError
from experiment_cycle.replacing import replacing
from experiment_cycle.tuning.contract import Study, Trial
from experiment_cycle.tuning.optuna_trials import direction_of, noted, trial_of


def predictions_file(folder: Path, number: int) -> Path:
    """Name the file of one trial's predictions for the validation rows, as they were prepared.

    Args:
        folder: Of the study.
        number: The trial's.
    """
    return folder / f"{number}.npy"


class StudyStore:
    """Keeps one study, whichever backend searches it; many processes may use it at once.

    `<key>.journal` is a journal of Optuna's with one line a finished trial, in the order in which
    they finished; `<key>/<number>.npy` holds a trial's predictions for the validation rows. A trial
    under way lives in memory only, so the process may die at any moment and leaves none half done.
    The lock that writers hold is freed by the system when its holder dies.
    """

    def __init__(self, folder: Path, study: Study) -> None:
        """Look at a study; nothing is written before `keep`.

        Args:
            folder: Of all studies.
            study: What is kept.
        """
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.folder = folder / study.key
        self._study = study
        self._path = folder / f"{study.key}.journal"
        self._journal: optuna.Study | None = None
        self._read = 0
        self._spent = 0.0

    @property
    def exists(self) -> bool:
        """Whether there is anything of the study."""
        return self._path.exists()

    @property
    def spent(self) -> float:
        """Seconds of the study's wall time, as far as it was read."""
        return self._spent

    def finished(self) -> list[Trial]:
        """List what is kept, in the order of numbers, at most `study.trials`.

        Raises:
            IntegrityError: the file is damaged.
            BackendError: it cannot be read.
        """
        trials: dict[int, Trial] = {}
        for trial in StudyStore(self.folder.parent, self._study).read():
            if trial.number < self._study.trials:
                trials.setdefault(trial.number, trial)
        return [trials[number] for number in sorted(trials)]

    def read(self) -> list[Trial]:
        """Read the trials that were kept, by whomever, since this store read last.

        Where a number comes twice, the first one counts.

        Raises:
            IntegrityError: the file is damaged.
            BackendError: it cannot be read.
        """
        if not self.exists:
            return []
        try:
            journal = self._loaded()
            # unread lines are read first; to copy what was read before would cost more than that
            written = journal.get_trials(deepcopy=False)[self._read :]
            self._spent = max([self._spent, *(each.user_attrs["spent"] for each in written)])
            trials = [trial_of(each, self._study) for each in written]
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
        self._read += len(written)
        return trials

    def keep(self, trial: Trial, spent: float) -> None:
        """Write a finished trial down.

        Args:
            trial: The trial; `read` will list it, too.
            spent: Seconds of the study's wall time so far.

        Raises:
            IntegrityError: the file is damaged.
            BackendError: it cannot be written.
        """
        try:
            self._loaded().add_trial(noted(trial, spent, self._study))
        except OSError as error:
            raise self._not_writable(error) from error

    def keep_predictions(self, number: int, predictions: npt.NDArray[Any]) -> None:
        """Keep what a trial predicts for the validation rows, whole or not at all.

        Raises:
            BackendError: it cannot be written.
        """
        try:
            with (
                replacing(predictions_file(self.folder, number)) as unfinished,
                unfinished.open("wb") as handle,
            ):
                np.save(handle, predictions, allow_pickle=False)
        except OSError as error:
            raise self._not_writable(error) from error

    def note_spent(self, seconds: float) -> None:
        """Write down that the time was up, lest a rerun begin to count before the last trial's end.

        Raises:
            BackendError: it cannot be written.
        """
        try:
            if seconds > self._spent:
                self._loaded().set_user_attr("spent", round(seconds, 3))
        except OSError as error:
            raise self._not_writable(error) from error

    def _loaded(self) -> optuna.Study:
        if self._journal is None:
            _refuse_damage(self._path)
            lock = _WriteLock(self._path)
            storage = JournalStorage(JournalFileBackend(str(self._path), lock_obj=lock))
            name = self._study.key
            # asked first, because creating a study writes a line even where there is one
            if name in optuna.get_all_study_names(storage):
                self._journal = optuna.load_study(study_name=name, storage=storage)
            else:
                self._journal = optuna.create_study(
                    study_name=name,
                    storage=storage,
                    direction=direction_of(self._study),
                    load_if_exists=True,
                )
            self._spent = self._journal.user_attrs.get("spent", 0.0)
        return self._journal

    def _not_writable(self, error: OSError) -> BackendError:
        return BackendError(
            f"The study {self._path} cannot be read and written: {error}. Next step: see that the "
            "disk is not full and that the folder is yours to write, then run again; finished "
            "trials are kept."
        )


class _WriteLock(JournalFileOpenLock):
    """Held while a line is written.

    Optuna's own locks are files that stay when their holder dies, and are taken away after a while,
    from the living too.
    """

    def __init__(self, journal: Path) -> None:
        super().__init__(str(journal))
        self._journal = journal
        self._lock = FileLock(journal.with_name(f".{journal.name}.lock"))

    def acquire(self) -> bool:
        self._lock.acquire()
        _drop_unfinished_line(self._journal)
        return True

    def release(self) -> None:
        self._lock.release()


def _drop_unfinished_line(file: Path) -> None:
    """Cut off what a dying process left half written, so that the next line starts on its own."""
    with file.open("r+b") as handle:
        size = handle.seek(0, 2)
        if size == 0:
            return
        handle.seek(size - 1)
        if handle.read(1) == b"\n":
            return
        handle.seek(0)
        handle.truncate(handle.read().rfind(b"\n") + 1)


def _refuse_damage(file: Path) -> None:
    """See that all lines are whole; the last one may be unfinished.

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
