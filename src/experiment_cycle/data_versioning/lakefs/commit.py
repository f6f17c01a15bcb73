"""A commit to a lakeFS branch that others may commit to at the same time."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import lakefs
from lakefs.exceptions import LakeFSException, ServerException
from urllib3.exceptions import HTTPError

from experiment_cycle.data_versioning.lakefs.connection import (
    PAUSE_SECONDS,
    LakefsConnection,
    passes,
)
from experiment_cycle.data_versioning.lakefs.note import KEY, Note
from experiment_cycle.data_versioning.records import ContentHash
from experiment_cycle.snapshot import Snapshot

OURS = "experiment-cycle-"
"""How the names of our short-lived branches begin; the time follows."""
STALE = timedelta(days=1)
PRESIGNED_BYTES = 5 * 1024**3
"""What object stores take in one request; through lakeFS more can be sent."""
CHUNK_BYTES = 8 * 1024**2
MERGES = 5
RECENT = 100
"""How many commits back a merge is looked for whose answer was lost."""


@dataclass(frozen=True)
class LakefsCommit:
    """Commits on a short-lived hidden branch of its own, and merges that.

    So two at once do not meet in the staging area of the branch, what others have staged there is
    not committed along, and one that is cut off leaves the branch as it was.
    """

    connection: LakefsConnection
    branch: str
    path: str

    def run(
        self, snapshot: Snapshot, content: ContentHash, metadata: Mapping[str, str]
    ) -> tuple[str, Note]:
        """Upload a snapshot, commit and merge it.

        Returns:
            The id of the one commit that this makes on the branch, and the note it carries.

        Raises:
            LakeFSException, HTTPError, OSError: it did not come about, and nothing is left.
        """
        self._sweep()
        name = f"{OURS}{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:12]}"
        own = self.connection.repository.branch(name)
        try:
            own.create(self.branch, hidden=True)
            note = self._upload(own, snapshot, content, metadata)
            own.commit(f"Upload {note.path}")
            return self._merge(own, note), note
        finally:
            with suppress(LakeFSException, HTTPError):
                own.delete()

    def _upload(
        self,
        own: lakefs.Branch,
        snapshot: Snapshot,
        content: ContentHash,
        metadata: Mapping[str, str],
    ) -> Note:
        # bytes that lakeFS knows are no change to it: it would keep the object it has, even a
        # damaged one, were there not something new about it
        mark = {KEY: own.id}
        size = snapshot.path.stat().st_size
        digest = hashlib.sha256()
        with (
            snapshot.path.open("rb") as file,
            own.object(self.path).writer(
                # None: the server is asked whether it signs addresses of the object store
                "wb",
                pre_sign=None if size <= PRESIGNED_BYTES else False,
                metadata=mark,
            ) as writer,
        ):
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
                writer.write(chunk)
        note = Note(
            path=self.path,
            content_hash=content.digest,
            rows=content.rows,
            columns=content.columns,
            size_bytes=size,
            sha256=digest.hexdigest(),
            metadata=dict(metadata),
            token=own.id,
        )
        if note.is_small:
            return note
        own.object(note.columns_path).upload(content.model_dump_json(), metadata=mark)
        return note.model_copy(update={"columns": None})

    def _merge(self, own: lakefs.Branch, note: Note) -> str:
        """Merge as one commit that carries the note; of two at once, the later one lies on top."""
        attempt = 0
        while True:
            try:
                return str(
                    own.merge_into(
                        self.branch,
                        message=note.message,
                        metadata=note.as_metadata,
                        strategy="source-wins",
                        squash_merge=True,
                    )
                )
            except (ServerException, HTTPError) as error:
                if not passes(error):
                    raise
                failure = error
            attempt += 1
            time.sleep(PAUSE_SECONDS * 2**attempt)
            # it may have been merged, and only the answer got lost
            if (merged := self._merged(note.token)) is not None:
                return merged
            if attempt == MERGES:
                raise failure

    def _merged(self, token: str) -> str | None:
        for commit in self.connection.repository.branch(self.branch).log(RECENT):
            note = Note.read(commit)
            if note is not None and note.token == token:
                return str(commit.id)
        return None

    def _sweep(self) -> None:
        """Delete branches that a crash left long ago, for they hold on to what was uploaded."""
        oldest = f"{OURS}{datetime.now(UTC) - STALE:%Y%m%d-%H%M%S}"
        with suppress(LakeFSException):
            branches = self.connection.repository.branches(prefix=OURS, show_hidden=True)
            for branch in [each for each in branches if each.id < oldest]:
                branch.delete()
