"""What is written to a commit of lakeFS, which makes it a version."""

from __future__ import annotations

from lakefs.models import Commit
from pydantic import ValidationError

from experiment_cycle.data_versioning.records import ContentHash, DatasetVersion
from experiment_cycle.errors import IntegrityError
from experiment_cycle.options import Record

BACKEND = "lakefs"
KEY = "experiment_cycle"
"""The key of ours in the metadata of a commit and of an object."""
METADATA_BYTES = 64 * 1024
"""What a commit takes in any case: some of the databases below lakeFS take 400 kB."""


class Note(Record):
    """All that is known of a version, and how to tell whether its file is whole."""

    path: str
    content_hash: str
    rows: int
    columns: dict[str, str] | None
    """One hash a column; None if they are so many that they lie in an object of their own."""
    size_bytes: int
    sha256: str
    metadata: dict[str, str]
    token: str
    """The name of the short-lived branch it came from."""

    @property
    def columns_path(self) -> str:
        """Where the hashes of very many columns lie."""
        return f"{self.path}.columns.json"

    @property
    def message(self) -> str:
        """Tell a reader of the log what the commit is."""
        return f"Data version: {self.path}, {self.rows:,} rows, content {self.content_hash[:12]}"

    @property
    def as_metadata(self) -> dict[str, str]:
        """Give what to write to the commit."""
        return {KEY: self.model_dump_json()}

    @property
    def is_small(self) -> bool:
        """Tell whether a commit takes it with its columns."""
        return len(self.model_dump_json().encode()) <= METADATA_BYTES

    @classmethod
    def read(cls, commit: Commit) -> Note | None:
        """Read the note of a commit; None if it has none.

        Raises:
            IntegrityError: it is damaged.
        """
        text = (commit.metadata or {}).get(KEY)
        try:
            return None if text is None else cls.model_validate_json(text)
        except ValidationError as error:
            raise IntegrityError(
                f"The lakeFS commit {commit.id} has metadata '{KEY}' that are damaged: "
                f"{error.errors()[0]['msg']}. Next step: let "
                "'data_versioning.backends.lakefs.branch' name a branch without that commit."
            ) from error

    def version(self, repository: str, commit: str, columns: dict[str, str]) -> DatasetVersion:
        """Name the version that a commit is."""
        return DatasetVersion.of(
            ContentHash(digest=self.content_hash, rows=self.rows, columns=columns),
            backend=BACKEND,
            id=commit,
            size_bytes=self.size_bytes,
            pointer=f"lakefs://{repository}/{commit}/{self.path}",
        )
