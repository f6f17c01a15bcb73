"""What a versioning backend must do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from experiment_cycle.data_versioning.records import ContentHash, DatasetVersion, VersionEntry
from experiment_cycle.snapshot import Snapshot


class Versioner(Protocol):
    """Keeps versions of the dataset, each found again by its id.

    A class that implements this is registered under the entry-point group
    `experiment_cycle.versioners`. It need not verify what it gives back: `Versions` hashes the
    content of every version that is opened and compares it with what was recorded.

    Args:
        root: The project's folder.
        options: The backend's block in `data_versioning.backends`: the typed options of ours, a
            plain dict for a stranger's.
        credentials: The backend's block of `data_versioning` in credentials.yml; empty if none.
            They never enter a record, a log or a message.
    """

    def __init__(self, root: Path, options: Any, credentials: Mapping[str, Any]) -> None: ...

    def commit(
        self, snapshot: Snapshot, content: ContentHash, metadata: Mapping[str, str]
    ) -> DatasetVersion:
        """Keep a snapshot as a new version; `Versions` calls it for content not yet kept.

        A commit that is cut off, by a crash or an error, leaves no version behind. Of two at the
        same time, both end as versions of their own, or one raises.

        Args:
            snapshot: The data, as one Parquet file.
            content: Their hash.
            metadata: What to note with the version, such as the hypothesis.

        Returns:
            The new version.

        Raises:
            BackendError: the backend does not answer, or cannot take the data.
        """
        ...

    def versions(self) -> Sequence[VersionEntry]:
        """List what was committed, the oldest first; empty where nothing was.

        Raises:
            BackendError: the backend does not answer.
            IntegrityError: the list is damaged.
        """
        ...

    def tag(self, version: DatasetVersion, name: str) -> None:
        """Give a version one more name; `Versions` has seen that no other version bears it.

        Raises:
            BackendError: the backend does not answer, or does not take this name.
        """
        ...

    def use(self, version: DatasetVersion) -> None:
        """See that a version is still kept, without reading it, and let the project point at it.

        A backend with a pointer file in the project lets it name the version; others only look.

        Raises:
            IntegrityError: the kept bytes are missing; the pointer stays as it was.
            BackendError: the backend does not answer, or the pointer cannot be written.
        """
        ...

    def open(self, version: DatasetVersion) -> AbstractContextManager[Snapshot]:
        """Give the kept rows of a version as one Parquet file, to be read inside the block.

        The file may be the backend's own: it is not to be changed, and may be gone after the block.

        Raises:
            IntegrityError: the kept bytes are missing or altered.
            BackendError: the backend does not answer.
        """
        ...
