"""The versions of the dataset, in whichever backend the options name."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pyarrow as pa

from experiment_cycle.backends import load_backend
from experiment_cycle.data_versioning.content_hash import content_hash
from experiment_cycle.data_versioning.contract import Versioner
from experiment_cycle.data_versioning.options import LATEST, DataVersioningOptions
from experiment_cycle.data_versioning.records import ContentHash, DatasetVersion, VersionEntry
from experiment_cycle.errors import BackendError, DataError, IntegrityError
from experiment_cycle.replacing import replacing
from experiment_cycle.snapshot import Snapshot

logger = logging.getLogger(__name__)

FAMILY = "versioners"
LEAST_PREFIX = 4
"""How many characters of an id are enough, if they are the first of one id only."""
SHOWN = 5


@dataclass(frozen=True)
class Versions:
    """What every backend has in common: nothing twice, nothing unverified, found by any name."""

    versioner: Versioner

    def commit(
        self,
        snapshot: Snapshot,
        content: ContentHash,
        metadata: Mapping[str, str],
        tag: str | None = None,
    ) -> DatasetVersion:
        """Keep a snapshot, unless its content is kept already; `tag` names the version.

        Returns:
            The version that holds the content.

        Raises:
            DataError: another version bears the tag.
            BackendError: the backend does not answer, or cannot take the data.
        """
        entries = self.versioner.versions()
        kept = next((each for each in entries if _holds(each.version, content)), None)
        bearer = next((each for each in entries if tag in each.tags), None)
        if bearer is not None and bearer != kept:
            raise DataError(
                f"The tag '{tag}' ('data_versioning.tag') is borne by the version "
                f"{bearer.version.id}, whose content is another. Next step: write another tag, or "
                "null; to use that version, name it in 'data_versioning.version'."
            )
        if kept is not None and self._in_use(kept.version):
            version = kept.version
            self._warn_if_damaged(version)
        else:
            version = self.versioner.commit(snapshot, content, metadata)
            self.versioner.use(version)
        if tag is not None and bearer is None:
            self.versioner.tag(version, tag)
        return version

    def log(self) -> Sequence[VersionEntry]:
        """List every version, the oldest first."""
        return self.versioner.versions()

    def find(self, name: str) -> VersionEntry:
        """Find a version by id, the first characters of one, tag, content hash, or `latest`.

        Raises:
            DataError: there is none of this name, or more than one.
        """
        entries = self.versioner.versions()
        if name == LATEST and entries:
            return entries[-1]
        exact = [each for each in entries if name == each.version.id or name in each.tags]
        if exact:
            return exact[-1]
        begins = [
            each
            for each in entries
            if len(name) >= LEAST_PREFIX
            and (each.version.id.startswith(name) or each.version.content_hash.startswith(name))
        ]
        if len(begins) == 1:
            return begins[0]
        raise DataError(_unknown(name, begins or entries, ambiguous=bool(begins)))

    def verify(self, version: DatasetVersion) -> None:
        """Read the kept bytes of a version and see that they are those that were committed.

        Raises:
            IntegrityError: they are missing or altered.
            BackendError: the backend does not answer.
        """
        with self.opened(version):
            pass

    @contextmanager
    def opened(self, version: DatasetVersion) -> Iterator[Snapshot]:
        """Give the rows of a version as a file to read inside the block, after verifying them.

        Raises:
            IntegrityError: they are missing or altered; it is said which columns differ.
            BackendError: the backend does not answer.
        """
        with self.versioner.open(version) as snapshot:
            _check_content(snapshot, version)
            yield snapshot

    def checkout(self, version: DatasetVersion, destination: Path) -> Snapshot:
        """Write a version to a file, which appears at once and whole, after it was verified.

        Raises:
            IntegrityError: the kept bytes are missing or altered; the file stays as it was.
            BackendError: the backend does not answer.
        """
        with self.opened(version) as snapshot, replacing(destination) as unfinished:
            shutil.copyfile(snapshot.path, unfinished)
        return Snapshot(destination.absolute())

    def _warn_if_damaged(self, version: DatasetVersion) -> None:
        """Say now what its gate would say at the end: no decision rests on altered data."""
        try:
            with self.versioner.open(version):
                pass
        except (IntegrityError, BackendError) as error:
            logger.warning(
                "%s Otherwise the gate data_version_committed fails at the end of this cycle.",
                error.message,
            )

    def _in_use(self, version: DatasetVersion) -> bool:
        try:
            self.versioner.use(version)
        except IntegrityError:
            return False
        return True


def open_versions(
    options: DataVersioningOptions,
    project_folder: Path,
    credentials: Mapping[str, Any],
    backend: str | None = None,
) -> Versions:
    """Open the versions of the dataset.

    Args:
        options: They name the backend and hold its block.
        project_folder: The folder the backend works in.
        credentials: The block `data_versioning` of credentials.yml; a block for each backend.
        backend: Another backend than the chosen one, such as that of a recorded version.

    Raises:
        BackendError: the backend is unknown or not installed.
    """
    name = backend or options.backend
    known = credentials.get(name) or {}
    return Versions(load_backend(FAMILY, name)(project_folder, options.block(name), known))


def _holds(version: DatasetVersion, content: ContentHash) -> bool:
    return version.content_hash == content.digest


def _check_content(snapshot: Snapshot, version: DatasetVersion) -> None:
    try:
        found = content_hash(snapshot)
    except (pa.ArrowException, OSError) as error:
        raise IntegrityError(
            f"The data version {version.id} came back from {version.backend} damaged: {error}. "
            f"{_next_step(version)}"
        ) from error
    if found.digest != version.content_hash:
        raise IntegrityError(
            f"The data version {version.id} came back from {version.backend} with other content "
            f"than was recorded: {_differences(found, version)} {_next_step(version)}"
        )


def _differences(found: ContentHash, version: DatasetVersion) -> str:
    recorded = version.column_hashes
    told = []
    if found.rows != version.rows:
        told.append(f"{found.rows:,} rows instead of {version.rows:,}")
    for names, what in (
        ([name for name in recorded if name not in found.columns], "gone"),
        ([name for name in found.columns if name not in recorded], "added"),
        (
            [
                name
                for name in recorded
                if found.columns.get(name, recorded[name]) != recorded[name]
            ],
            "changed",
        ),
    ):
        if names:
            shown = ", ".join(f"'{name}'" for name in names[:SHOWN])
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            told.append(f"column{'s'[: len(names) > 1]} {what}: {shown}{more}")
    return f"{'; '.join(told) or 'the order of the columns'}."


def _next_step(version: DatasetVersion) -> str:
    return (
        f"Next step: restore what {version.backend} keeps at {version.pointer} from a copy, or use "
        "another version (`kedro cycle data log`)."
    )


def _unknown(name: str, entries: Sequence[VersionEntry], *, ambiguous: bool) -> str:
    if not entries:
        return (
            f"There is no data version '{name}': none was committed yet. Next step: "
            "kedro run --pipelines=data_versioning"
        )
    by_name = {text: each for each in entries for text in (each.version.id, *each.tags)}
    close = [by_name[text] for text in get_close_matches(name, by_name, n=SHOWN, cutoff=0.4)]
    nearest = list({each.version.id: each for each in (*close, *reversed(entries))}.values())
    shown = "\n".join(
        f"  {each.version.id}  {each.created:%Y-%m-%d %H:%M}  {each.version.rows:,} rows"
        + (f"  {', '.join(each.tags)}" if each.tags else "")
        for each in nearest[:SHOWN]
    )
    what = "is the beginning of more than one version" if ambiguous else "is not known"
    return (
        f"The data version '{name}' {what}. The nearest ones:\n{shown}\n"
        "Next step: name one of them, or look at all with `kedro cycle data log`."
    )
