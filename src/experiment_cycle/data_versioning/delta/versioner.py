"""Versions of the dataset as versions of a Delta table, in a folder or an object store."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
from deltalake import CommitProperties, DeltaTable, WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError

from experiment_cycle.data_versioning.delta.columns import KeptColumns
from experiment_cycle.data_versioning.delta.log import META, TAG, DeltaLog, Note
from experiment_cycle.data_versioning.delta.rows import DamagedRowsError, damage, write_rows
from experiment_cycle.data_versioning.delta.store import BLOCK, PARAMETERS, DeltaStore, no_room
from experiment_cycle.data_versioning.options import DeltaOptions
from experiment_cycle.data_versioning.records import ContentHash, DatasetVersion, VersionEntry
from experiment_cycle.errors import BackendError, DataError, IntegrityError
from experiment_cycle.snapshot import Snapshot

BACKEND = "delta"
FOREVER = "interval 36500 days"
KEEPING = {
    "delta.logRetentionDuration": FOREVER,
    "delta.enableExpiredLogCleanup": "false",
    "delta.deletedFileRetentionDuration": FOREVER,
}
"""Else Delta forgets its log after 30 days, and `vacuum` deletes the files of older versions."""
ROW_GROUP_ROWS = 131_072
"""Delta's writer and every reader hold a row group in memory; its own default is a million."""
ATTEMPTS = 10
"""How often to commit while others do so at the same time; one of them gets through each time."""


class DeltaVersioner:
    """Keeps each version as one version of a Delta table, which any Delta reader can open.

    The id is Delta's own version number. Each row has its number beside it, in the column
    `__row__`, for Delta promises no order; what is known of the version stands in its commit.
    Nothing is ever vacuumed. The table is made so that neither its log nor files of old versions
    expire; `vacuum` called with a retention of its own deletes them all the same. What a commit
    that was cut off left behind nobody reads; `vacuum` with `full=True` and all versions in
    `keep_versions` removes it.

    Two who commit at the same time both get through, one after the other. In an object store this
    rests on a conditional write of the log: S3 (and what speaks like it: `If-None-Match`), Google
    and Azure have it. A store that ignores the condition loses one of the two.

    Args:
        root: The project's folder.
        options: Where the table lies. It is made with the first commit.
        credentials: Storage options as deltalake names them, such as `AWS_SECRET_ACCESS_KEY`, for
            a table in an object store. Those that are None count as not given.
    """

    def __init__(self, root: Path, options: DeltaOptions, credentials: Mapping[str, Any]) -> None:
        self._store = DeltaStore(root, options.location, credentials)

    def commit(
        self, snapshot: Snapshot, content: ContentHash, metadata: Mapping[str, str]
    ) -> DatasetVersion:
        """Write all rows in place of those of the version before, which stays.

        Raises:
            BackendError: the store does not answer or refuses; Delta has no type for a column; the
                table is somebody else's; others committed without end.
        """
        columns = KeptColumns.of(snapshot)
        version = DatasetVersion.of(
            content,
            backend=BACKEND,
            id="",
            size_bytes=snapshot.path.stat().st_size,
            pointer=self._store.pointer,
        )
        note = Note(
            token=uuid.uuid4().hex,
            version=version,
            metadata=dict(metadata),
            columns=columns.text(),
        )
        # of two that make the table, the later one must not go on as if it were still not there
        noted = CommitProperties(
            custom_metadata={META: note.model_dump_json()}, max_commit_retries=0
        )

        def write(table: DeltaTable | None) -> None:
            log = self._log()
            self._check_ours(log)
            if log.find(note.token) is not None:
                return  # the commit got through, and only its answer was lost
            write_deltalake(
                self._store.uri if table is None else table,
                columns.read(snapshot),
                mode="overwrite",
                schema_mode="overwrite",
                configuration=KEEPING if table is None else None,
                storage_options=self._store.storage_options if table is None else None,
                writer_properties=WriterProperties(max_row_group_size=ROW_GROUP_ROWS),
                commit_properties=noted,
            )

        self._until_committed(write)
        kept = self._log().find(note.token)
        if kept is None:
            raise BackendError(
                f"The Delta table {self._store.shown} lost what was just committed to it: its "
                "store does not keep two writers apart. Next step: run again, with no other run "
                "at the same time."
            )
        return kept.entry.version

    def versions(self) -> Sequence[VersionEntry]:
        """Read the table's log; commits of others are left out."""
        return [each.entry for each in self._log().kept]

    def tag(self, version: DatasetVersion, name: str) -> None:
        """Set a property of the table, whose commit is no version."""

        def write(table: DeltaTable | None) -> None:
            if table is None:
                raise BackendError(self._unknown(version, DeltaLog(self._store.shown)))
            table.alter.set_table_properties({TAG + name: version.id}, raise_if_not_exists=False)

        self._until_committed(write)

    def use(self, version: DatasetVersion) -> None:
        """See that the files of the version are there, and of the size they had."""
        self._files(version)

    @contextmanager
    def open(self, version: DatasetVersion) -> Iterator[Snapshot]:
        """Write the rows to a temporary file, in their order, with the types they had."""
        dataset, columns = self._files(version)
        try:
            place = TemporaryDirectory(prefix="experiment_cycle_")
        except OSError as error:
            raise no_room(error) from error
        with place as folder:
            file = Path(folder) / "dataset.parquet"
            try:
                write_rows(dataset, columns, version.rows, file)
            except DamagedRowsError as error:
                told = self._store.told(error)
                with self._store.reading():  # damaged only if the store still answers
                    dataset.filesystem.get_file_info(dataset.files)
                raise self._damaged(version, told) from None
            except (DataError, duckdb.Error) as error:
                raise no_room(error) from error
            yield Snapshot(file, temporary=True)

    def _until_committed(self, write: Callable[[DeltaTable | None], None]) -> None:
        with self._store.writing():
            for _ in range(ATTEMPTS):
                try:
                    return write(self._store.table())
                except CommitFailedError as error:
                    last = self._store.told(error)
            raise BackendError(
                f"Others kept changing the Delta table {self._store.shown} while this run wrote to "
                f"it: {ATTEMPTS} attempts failed, the last because: {last} Next step: run again "
                "when they are through."
            )

    def _log(self) -> DeltaLog:
        with self._store.reading():
            table = self._store.table()
            if table is None:
                return DeltaLog(self._store.shown)
            properties = dict(table.metadata().configuration)
            return DeltaLog(self._store.shown, table.history()[::-1], properties)

    def _check_ours(self, log: DeltaLog) -> None:
        if log.commits and not log.kept:
            raise BackendError(
                f"At {self._store.shown} lies a Delta table that is not one of data versions; its "
                f"rows would be replaced. Next step: let '{BLOCK}' in {PARAMETERS} name a place "
                "where no table is."
            )

    def _files(self, version: DatasetVersion) -> tuple[Any, KeptColumns]:
        """Find the files of a version: those it was committed with, or what Delta made of them."""
        log = self._log()
        kept = next((each for each in log.kept if str(each.number) == version.id), None)
        if kept is None:
            raise IntegrityError(self._unknown(version, log))
        problem: str | None = None
        for number in log.forms(kept.number):
            with self._store.reading():
                dataset, sizes = self._store.files(number)
                found = damage(dataset, sizes)
            if found is None:
                return dataset, KeptColumns.from_text(kept.note.columns)
            problem = problem or found
        raise self._damaged(version, problem)

    def _damaged(self, version: DatasetVersion, told: str | None) -> IntegrityError:
        return IntegrityError(
            f"The data version {version.id} is not whole any more in the Delta table "
            f"{self._store.shown}: {told}. (`vacuum` deletes the files of old versions that are "
            "older than its retention.) Next step: restore the files from a copy, or commit the "
            "data again with `kedro run --pipelines=data_versioning`."
        )

    def _unknown(self, version: DatasetVersion, log: DeltaLog) -> str:
        what = f"has no data version {version.id}" if log.commits else "is not there"
        return (
            f"The Delta table {self._store.shown} {what}. Next step: see in `kedro cycle data log` "
            f"which versions there are, and that '{BLOCK}' in {PARAMETERS} names the table that "
            f"version {version.id} was committed to."
        )
