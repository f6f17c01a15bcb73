"""Versions of the dataset as commits of a lakeFS branch."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import lakefs
from lakefs.exceptions import (
    BadRequestException,
    ServerException,
)
from lakefs.models import Commit
from lakefs.reference import generate_listing

from experiment_cycle.data_versioning.lakefs.commit import CHUNK_BYTES, LakefsCommit
from experiment_cycle.data_versioning.lakefs.connection import LakefsConnection
from experiment_cycle.data_versioning.lakefs.note import KEY, Note
from experiment_cycle.data_versioning.options import LakefsOptions
from experiment_cycle.data_versioning.records import ContentHash, DatasetVersion, VersionEntry
from experiment_cycle.errors import BackendError, IntegrityError
from experiment_cycle.snapshot import Snapshot

GONE = (404, 410)


class LakefsVersioner:
    """Keeps snapshots as one object of a branch; every commit with a note of ours is a version.

    Args:
        root: The project's folder; nothing is written there.
        options: Server, repository, branch and the object's path.
        credentials: `access_key_id` and `secret_access_key`.

    Raises:
        ConfigurationError: server, repository or credentials are not given.
    """

    def __init__(self, root: Path, options: LakefsOptions, credentials: Mapping[str, Any]) -> None:
        self._connection = LakefsConnection(options, credentials)
        self._branch = options.branch
        self._path = options.path

    def commit(
        self, snapshot: Snapshot, content: ContentHash, metadata: Mapping[str, str]
    ) -> DatasetVersion:
        """Upload the snapshot, commit it, and merge the commit into the branch."""
        making = LakefsCommit(self._connection, self._branch, self._path)
        with self._connection.errors():
            commit, note = making.run(snapshot, content, metadata)
        return note.version(self._connection.repository.id, commit, content.columns)

    def versions(self) -> Sequence[VersionEntry]:
        """Read the log of the branch, merged branches included, and the tags."""
        repository = self._connection.repository
        with self._connection.errors():
            tags: dict[str, list[str]] = {}
            list_tags = self._connection.client.sdk_client.tags_api.list_tags
            for tag in generate_listing(list_tags, repository.id):
                tags.setdefault(tag.commit_id, []).append(tag.id)
            found = []
            for commit in repository.branch(self._branch).log():
                note = Note.read(commit)
                if note is not None and note.path == self._path:
                    found.append(self._entry(commit, note, tags.get(commit.id, ())))
        return found[::-1]

    def tag(self, version: DatasetVersion, name: str) -> None:
        """Make a tag of lakeFS, which no other commit of the repository may bear."""
        tag = self._connection.repository.tag(name)
        with self._connection.errors():
            try:
                tag.create(version.id, exist_ok=True)
            except BadRequestException as error:
                raise BackendError(
                    f"lakeFS does not take '{name}' ('data_versioning.tag') as the name of a tag: "
                    f"{self._connection.said(error)}. Allowed: no '..', no '.' and no '.lock' at "
                    "the end. Next step: write another one."
                ) from None
            bearer = tag.get_commit().id
        if bearer != version.id:
            raise BackendError(
                f"The tag '{name}' ('data_versioning.tag') is borne already in the lakeFS "
                f"repository '{tag.repo_id}', by the commit {bearer}, which is no version of this "
                "dataset. Next step: write another one."
            )

    def use(self, version: DatasetVersion) -> None:
        """See that lakeFS still has the object, by its size and its first byte."""
        with self._connection.errors(), self._kept(version) as (stored, note):
            size = stored.stat().size_bytes
            with stored.reader() as reader:
                reader.read(1)
        if size != note.size_bytes:
            raise IntegrityError(_altered(version, f"{size} bytes", f"{note.size_bytes} bytes"))

    @contextmanager
    def open(self, version: DatasetVersion) -> Iterator[Snapshot]:
        """Fetch the object to a temporary file, and see that it is the one committed."""
        with self._connection.errors():
            folder = tempfile.TemporaryDirectory(prefix="experiment_cycle_")
        with folder as name:
            file = Path(name) / "dataset.parquet"
            with self._connection.errors(), self._kept(version) as (stored, note):
                found = _fetch(stored, file, note.size_bytes)
            if found != note.sha256:
                raise IntegrityError(
                    _altered(version, f"SHA-256 {found[:12]}", f"SHA-256 {note.sha256[:12]}")
                )
            yield Snapshot(file)

    @contextmanager
    def _kept(self, version: DatasetVersion) -> Iterator[tuple[lakefs.StoredObject, Note]]:
        """Give the object of a version and its note; what lakeFS no longer has is an error."""
        repository, commit, path = version.pointer.removeprefix("lakefs://").split("/", 2)
        client = self._connection.client
        try:
            note = Note.read(lakefs.Reference(repository, commit, client).get_commit())
            if note is None:
                raise IntegrityError(
                    f"The lakeFS commit {version.id} is no data version: it has no metadata "
                    f"'{KEY}'. Next step: use another version (`kedro cycle data log`)."
                )
            yield lakefs.StoredObject(repository, commit, path, client), note
        except ServerException as error:
            if error.status_code not in GONE:
                raise
            raise IntegrityError(
                f"lakeFS at {self._connection.address} no longer has {version.pointer} "
                f"({error.status_code}: {self._connection.said(error)}). {_again()}"
            ) from None

    def _entry(self, commit: Commit, note: Note, tags: Sequence[str]) -> VersionEntry:
        repository, columns = self._connection.repository.id, note.columns
        if columns is None:
            stored = lakefs.StoredObject(
                repository, commit.id, note.columns_path, self._connection.client
            )
            with stored.reader() as reader:
                columns = ContentHash.model_validate_json(reader.read()).columns
        return VersionEntry(
            version=note.version(repository, commit.id, columns),
            created=datetime.fromtimestamp(commit.creation_date, UTC),
            tags=tuple(tags),
            metadata=note.metadata,
        )


def _fetch(stored: lakefs.StoredObject, file: Path, size: int) -> str:
    """Write an object to a file, piece by piece; returns its SHA-256 (hex)."""
    digest, written = hashlib.sha256(), 0
    with stored.reader() as reader, file.open("wb") as target:
        while written <= size and (chunk := reader.read(CHUNK_BYTES)):
            target.write(chunk)  # type: ignore[arg-type]
            digest.update(chunk)  # type: ignore[arg-type]
            written += len(chunk)
    return digest.hexdigest()


def _altered(version: DatasetVersion, found: str, recorded: str) -> str:
    return (
        f"The data version {version.id} was altered in the object store below lakeFS: "
        f"{version.pointer} has {found}, and {recorded} was committed. {_again()}"
    )


def _again() -> str:
    return (
        "Next step: restore the object from a copy, commit the data again with `kedro run "
        "--pipelines=data_versioning`, or use another version (`kedro cycle data log`)."
    )
