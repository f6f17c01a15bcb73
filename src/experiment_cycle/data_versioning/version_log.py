"""The list of versions as a file in the project, for a backend that keeps no list of its own."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import ValidationError

from experiment_cycle.data_versioning.records import DatasetVersion, VersionEntry
from experiment_cycle.errors import BackendError, IntegrityError
from experiment_cycle.replacing import replacing

PATIENCE_SECONDS = 120.0


class VersionLog:
    """One line of JSON a version, the oldest first; meant to be committed to Git.

    Args:
        file: The file; it need not exist.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = FileLock(file.with_name(f".{file.name}.lock"), timeout=PATIENCE_SECONDS)

    def entries(self) -> list[VersionEntry]:
        """Read all entries; none where there is no file.

        Raises:
            IntegrityError: a line is damaged.
        """
        try:
            lines = self._file.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        found = []
        for number, line in enumerate(lines, start=1):
            try:
                found.append(VersionEntry.model_validate_json(line))
            except ValidationError as error:
                first = error.errors()[0]
                raise IntegrityError(
                    f"Line {number} of {self._file}, the list of data versions, is damaged: "
                    f"{first['msg']}. Next step: restore the file, for instance with "
                    f"`git checkout -- {self._file.name}` in its folder, or delete the line, which "
                    "forgets that version."
                ) from error
        return found

    def add(self, version: DatasetVersion, metadata: Mapping[str, str]) -> None:
        """Append a version, unless its id is listed already; call it inside `locked`."""
        entries = self.entries()
        if all(each.version.id != version.id for each in entries):
            now = datetime.now(UTC).replace(microsecond=0)
            new = VersionEntry(version=version, created=now, metadata=dict(metadata))
            self._write([*entries, new])

    def tag(self, identity: str, name: str) -> None:
        """Give the version with an id one more name; call it inside `locked`."""
        self._write(
            [
                each.model_copy(update={"tags": (*each.tags, name)})
                if each.version.id == identity and name not in each.tags
                else each
                for each in self.entries()
            ]
        )

    def drop(self, identities: Container[str]) -> None:
        """Forget versions; call it inside `locked`."""
        self._write([each for each in self.entries() if each.version.id not in identities])

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from changing the list inside the block.

        Raises:
            BackendError: another process holds it for two minutes.
        """
        self._file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self._lock:
                yield
        except Timeout as error:
            raise BackendError(
                f"Another run has been committing a data version for {PATIENCE_SECONDS:.0f} "
                f"seconds ({self._lock.lock_file}). Next step: wait for it to end, then run again."
            ) from error

    def _write(self, entries: list[VersionEntry]) -> None:
        with replacing(self._file) as unfinished:
            lines = (f"{each.model_dump_json()}\n" for each in entries)
            unfinished.write_text("".join(lines), encoding="utf-8")
