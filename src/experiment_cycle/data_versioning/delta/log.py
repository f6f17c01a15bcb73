"""The log of a Delta table as a list of data versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from experiment_cycle.data_versioning.records import DatasetVersion, VersionEntry
from experiment_cycle.errors import IntegrityError
from experiment_cycle.options import Record

META = "experiment_cycle"
"""The key of ours in the metadata of a commit; commits without it are no data versions."""
TAG = "experiment_cycle.tag."
"""Delta has no tags: a property of the table whose name begins so holds the version it names."""
REWRITING = {"OPTIMIZE", "VACUUM START", "VACUUM END", "SET TBLPROPERTIES", "ADD FEATURE"}
"""Operations that leave the rows what they are."""


class Note(Record):
    """What a commit says of the data version it is."""

    token: str
    """Tells it from every other commit, for its number is known only afterwards."""
    version: DatasetVersion
    """Without an id."""
    metadata: dict[str, str]
    columns: str
    """What restores the columns, as `KeptColumns` writes it."""


@dataclass(frozen=True)
class KeptVersion:
    """A data version, and what is needed to find and restore it."""

    number: int
    """Delta's."""
    note: Note
    entry: VersionEntry


@dataclass(frozen=True)
class DeltaLog:
    """All commits of a table; none if there is no table.

    Args:
        shown: The table's address, for messages.
        commits: What Delta tells of each, the oldest first.
        properties: The table's newest properties.
    """

    shown: str
    commits: Sequence[Mapping[str, Any]] = ()
    properties: Mapping[str, str] | None = None

    @cached_property
    def kept(self) -> list[KeptVersion]:
        """The data versions among the commits, the oldest first.

        Raises:
            IntegrityError: what a commit says of its version is damaged.
        """
        return [self._kept(commit) for commit in self.commits if META in commit]

    def find(self, token: str) -> KeptVersion | None:
        """Find the version whose commit bears a token."""
        return next((each for each in reversed(self.kept) if each.note.token == token), None)

    def forms(self, number: int) -> list[int]:
        """Number the versions of the table that hold the same rows: this one, and its last form.

        Delta makes new files of old ones on request (`optimize`); the rows are the same then.
        """
        last = number
        for commit in self.commits:
            if commit["version"] == last + 1 and commit.get("operation") in REWRITING:
                last += 1
        return [number] if last == number else [number, last]

    def _kept(self, commit: Mapping[str, Any]) -> KeptVersion:
        number = int(commit["version"])
        try:
            note = Note.model_validate_json(commit[META])
        except ValidationError as error:
            first = error.errors()[0]
            raise IntegrityError(
                f"What commit {number} of the Delta table {self.shown} says of the data version it "
                f"is, is damaged: {first['msg']}. Next step: restore the folder _delta_log from a "
                "copy."
            ) from error
        tags = [
            name.removeprefix(TAG)
            for name, value in (self.properties or {}).items()
            if name.startswith(TAG) and value == str(number)
        ]
        entry = VersionEntry(
            version=note.version.model_copy(update={"id": str(number)}),
            created=datetime.fromtimestamp(commit["timestamp"] / 1000, UTC),
            tags=tuple(sorted(tags)),
            metadata=note.metadata,
        )
        return KeptVersion(number, note, entry)
