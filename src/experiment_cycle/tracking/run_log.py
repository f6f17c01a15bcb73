"""The log of one run: a file beside the reports, and an artifact of the record."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from experiment_cycle.replacing import replacing
from experiment_cycle.tracking.secrets import Secrets, SecretsFilter

FORMAT = "%(asctime)s %(levelname)-8s %(name)s: %(message)s"
STAMP = "%Y-%m-%dT%H-%M-%SZ"
FOLDER = "logs"
LOG_FILE = Path("data/08_reporting/run.log")


class RunLog:
    """Writes what a run logs to a file, as far as `conf/logging.yml` lets loggers speak.

    Stages run in several commands go into one record, so that each run's log has the time of its
    beginning (UTC) as name there.
    """

    def __init__(self, file: Path, secrets: Secrets) -> None:
        """Write to `file`, in place of the log of the run before; `secrets` stay out of it."""
        self._file = file
        self._secrets = secrets
        self._handler: logging.FileHandler | None = None
        self._begun = ""

    def open(self) -> None:
        """Begin with a new file."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._begun = time.strftime(STAMP, time.gmtime())
        self._handler = logging.FileHandler(self._file, mode="w", encoding="utf-8")
        formatter = logging.Formatter(FORMAT)
        formatter.converter = time.gmtime
        self._handler.setFormatter(formatter)
        self._handler.addFilter(SecretsFilter(self._secrets))
        logging.getLogger().addHandler(self._handler)

    def close(self, ending: str, error: BaseException | None = None) -> tuple[Path, str] | None:
        """End the file with how the run ended.

        Args:
            ending: How the run ended, in a word or two.
            error: What ended it; it goes into the file with its traceback.

        Returns:
            The file, and its name in the record; None where no log was open.
        """
        handler, self._handler = self._handler, None
        if handler is None:
            return None
        logging.getLogger().removeHandler(handler)
        level = logging.INFO if error is None else logging.ERROR
        trace = None if error is None else (type(error), error, error.__traceback__)
        handler.emit(logging.LogRecord(__name__, level, "", 0, ending, None, trace))
        handler.close()
        # a traceback is put into words by the handler, past its filter
        text = self._secrets.hide(self._file.read_text(encoding="utf-8"))
        with replacing(self._file) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
        return self._file, f"{FOLDER}/{self._begun}.log"
