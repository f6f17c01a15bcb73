"""All that was recorded of a run, in one file, in order, for trackers to be fed from.

The file is appended to and never changed, one line an entry. How far each tracker has taken it is
kept beside it, so that a tracker that was down, or a process that was killed, loses nothing: what
is missing is delivered later from where it stopped.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import IO

from experiment_cycle.options import Record
from experiment_cycle.replacing import replacing
from experiment_cycle.tracking.contract import RunDescription
from experiment_cycle.tracking.entries import ENTRY, Entry

ENTRIES = "journal.jsonl"
DESCRIPTION = "run.json"
LOCK = ".writing.lock"
"""Held by the command that writes the journal, as long as it lives."""


class Receipt(Record):
    """How far a tracker has taken a journal.

    Attributes:
        offset: Bytes of the journal that it has.
        entries: How many entries these are.
        reference: Where a person finds the record; the empty string before it was opened.
        failure: Why it stopped taking entries; None if it did not.
        offline: Whether what it has waits in its folder to be uploaded.
        missing: Artifacts that were written over before it took them, and are nowhere else.
    """

    offset: int = 0
    entries: int = 0
    reference: str = ""
    failure: str | None = None
    offline: bool = False
    missing: tuple[str, ...] = ()


class Journal:
    """The journal of one run, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        """Open the journal in `folder`, whether or not there is one yet."""
        self.folder = folder
        self._lock = Lock()
        self._file: IO[bytes] | None = None

    @property
    def entries_file(self) -> Path:
        """The file of entries."""
        return self.folder / ENTRIES

    @property
    def lock_file(self) -> Path:
        """The file that is locked while a command writes."""
        return self.folder / LOCK

    def describe(self, run: RunDescription) -> None:
        """Write down whose journal it is."""
        with replacing(self.folder / DESCRIPTION) as unfinished:
            unfinished.write_text(run.model_dump_json(indent=2), encoding="utf-8")

    def description(self) -> RunDescription:
        """Tell whose journal it is."""
        text = (self.folder / DESCRIPTION).read_text(encoding="utf-8")
        return RunDescription.model_validate_json(text)

    def append(self, entry: Entry) -> None:
        """Add an entry; it survives the end of this process, whatever ends it."""
        line = ENTRY.dump_json(entry) + b"\n"
        with self._lock:
            if self._file is None:
                self.folder.mkdir(parents=True, exist_ok=True)
                _drop_torn_line(self.entries_file)
                self._file = self.entries_file.open("ab")
            self._file.write(line)
            self._file.flush()

    def close(self) -> None:
        """Close the file; appending opens it again."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def entries(self, after: int = 0) -> Iterator[tuple[Entry, int]]:
        """Read the entries that are whole.

        Args:
            after: Bytes to pass over.

        Yields:
            An entry, and how many bytes of the file end with it.
        """
        if not self.entries_file.exists():
            return
        with self.entries_file.open("rb") as file:
            file.seek(after)
            offset = after
            for line in file:
                if not line.endswith(b"\n"):
                    return
                offset += len(line)
                yield ENTRY.validate_json(line), offset

    def receipt(self, tracker: str) -> Receipt:
        """Tell how far a tracker has taken the journal."""
        try:
            return Receipt.model_validate_json(self._receipt_file(tracker).read_text())
        except (FileNotFoundError, ValueError):
            return Receipt()

    def keep_receipt(self, tracker: str, receipt: Receipt) -> None:
        """Write down how far a tracker has taken the journal."""
        with replacing(self._receipt_file(tracker)) as unfinished:
            unfinished.write_text(receipt.model_dump_json(indent=2), encoding="utf-8")

    def has_all(self, tracker: str) -> bool:
        """Tell whether a tracker has every entry."""
        size = self.entries_file.stat().st_size if self.entries_file.exists() else 0
        return self.receipt(tracker).offset >= size

    def trackers(self) -> list[str]:
        """Name the trackers that have begun to take the journal."""
        return sorted(path.stem for path in self.folder.glob("*.json") if path.name != DESCRIPTION)

    def tracker_folder(self, tracker: str) -> Path:
        """Name the folder that is a tracker's own."""
        return self.folder / tracker

    def _receipt_file(self, tracker: str) -> Path:
        return self.folder / f"{tracker}.json"


def _drop_torn_line(file: Path) -> None:
    """Cut off what a killed process left of a line, so that the next one begins at its start."""
    if not file.exists():
        return
    with file.open("rb+") as opened:
        content = opened.read()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            opened.truncate(whole)
