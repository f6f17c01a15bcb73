"""What a versioning backend must do."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from experiment_cycle.data_versioning.records import ContentHash, DatasetVersion
from experiment_cycle.snapshot import Snapshot


class Versioner(Protocol):
    """Keeps versions of the dataset, each found again by its id.

    A class that implements this is registered under the entry-point group
    `experiment_cycle.versioners` and made with the project's folder as its only argument.
    """

    def __init__(self, root: Path) -> None: ...

    def commit(self, snapshot: Snapshot, content: ContentHash) -> DatasetVersion:
        """Keep a snapshot, unless the newest version already holds the same content.

        Returns:
            The version that holds the content: a new one, or the newest one as it was.

        Raises:
            BackendError: the backend does not answer, or cannot take the file.
        """
        ...

    def verify(self, version: DatasetVersion) -> None:
        """Read the kept bytes of a version and see that they are those that were committed.

        Raises:
            IntegrityError: they are missing or altered.
            BackendError: the backend does not answer.
        """
        ...

    def checkout(self, version: DatasetVersion, destination: Path) -> Snapshot:
        """Write a version to a file, after it was verified; the file appears at once and whole.

        Returns:
            A handle on the file.

        Raises:
            IntegrityError: the kept bytes are missing or altered; the file stays as it was.
            BackendError: the backend does not answer.
        """
        ...
