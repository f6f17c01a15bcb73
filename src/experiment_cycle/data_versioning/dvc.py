"""Versions of the dataset in DVC's cache: the default backend."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.ui import ui

from experiment_cycle.data_versioning.content_hash import content_hash
from experiment_cycle.data_versioning.dvc_remote import PARAMETERS, DvcRemote
from experiment_cycle.data_versioning.options import DvcOptions
from experiment_cycle.data_versioning.records import ContentHash, DatasetVersion, VersionEntry
from experiment_cycle.data_versioning.version_log import VersionLog
from experiment_cycle.errors import BackendError, IntegrityError
from experiment_cycle.replacing import replacing
from experiment_cycle.snapshot import Snapshot

BACKEND = "dvc"


class DvcVersioner:
    """Keeps snapshots in DVC's cache, and in a remote on request.

    The id of a version is the MD5 of its file, as DVC names it. The pointer beside the snapshot, a
    .dvc file, names the version in use. DVC keeps no list of versions without Git, so that one lies
    beside the pointer.

    Args:
        root: The project's folder. A DVC repository in it is used as it is; else one is made,
            which knows no Git and calls nobody.
        options: Where the snapshot lies, and what travels to and from a remote.
        credentials: Settings of the remote that are secret, such as `secret_access_key`.
    """

    def __init__(self, root: Path, options: DvcOptions, credentials: Mapping[str, Any]) -> None:
        self._root = Path(root).absolute()
        self._options = options
        self._remote = DvcRemote(self._root, options, credentials)
        self._file = self._root / options.file
        self._pointer = self._file.with_name(f"{self._file.name}.dvc")
        self._log = VersionLog(self._file.with_name(f"{self._file.stem}.versions.jsonl"))

    def commit(
        self, snapshot: Snapshot, content: ContentHash, metadata: Mapping[str, str]
    ) -> DatasetVersion:
        """Add the snapshot to DVC, push it if so asked, then list it.

        Raises:
            BackendError: DVC refuses, or the snapshot is another file than the options name.
        """
        if snapshot.path.absolute() != self._file:
            raise BackendError(
                f"DVC cannot version {snapshot.path}: 'data_versioning.backends.dvc.file' in "
                f"{PARAMETERS} names {self._file}. Next step: give it the path of the entry "
                "'dataset' in conf/base/catalog_data_versioning.yml, inside the project."
            )
        with self._log.locked(), self._repository() as repository:
            identity = self._add(repository, content)
            self._remote.push(repository, identity)
            version = DatasetVersion.of(
                content,
                backend=BACKEND,
                id=identity,
                size_bytes=_stored(repository, identity).stat().st_size,
                pointer=self._pointer.relative_to(self._root).as_posix(),
            )
            self._log.add(version, metadata)
        return version

    def versions(self) -> Sequence[VersionEntry]:
        """Read the list beside the pointer."""
        return self._log.entries()

    def tag(self, version: DatasetVersion, name: str) -> None:
        """Note the name in the list."""
        with self._log.locked():
            self._log.tag(version.id, name)

    def use(self, version: DatasetVersion) -> None:
        """Let the pointer name the version, if the cache or the remote has it; push it if asked."""
        with self._repository() as repository:
            kept = _stored(repository, version.id)
            if kept.is_file():
                self._remote.push(repository, version.id)
            elif not self._remote.has(repository, version.id):
                raise IntegrityError(self._lost(version, kept))
        try:
            pointer = yaml.safe_load(self._pointer.read_text(encoding="utf-8"))
            out = pointer["outs"][0]
        except (FileNotFoundError, KeyError, TypeError, IndexError, yaml.YAMLError):
            out = {"hash": "md5", "path": self._file.name}
            pointer = {"outs": [out]}
        if out.get("md5") != version.id:
            out.update(md5=version.id, size=version.size_bytes)
            with replacing(self._pointer) as unfinished:
                unfinished.write_text(yaml.safe_dump(pointer, sort_keys=False), encoding="utf-8")

    @contextmanager
    def open(self, version: DatasetVersion) -> Iterator[Snapshot]:
        """Give the file in DVC's cache, fetched from the remote if so asked.

        Its MD5 is checked, for DVC hands out an altered file of its cache without noticing.
        """
        if not (self._root / Repo.DVC_DIR).is_dir():
            raise IntegrityError(
                f"The project {self._root} has no DVC repository any more, so that the data "
                f"version {version.id} is lost. {_again()}"
            )
        with self._repository() as repository:
            kept = _stored(repository, version.id)
            if not kept.is_file():
                self._remote.pull(repository, version.id)
        if not kept.is_file():
            raise IntegrityError(self._lost(version, kept))
        found = _digest(kept)
        if found != version.id:
            raise IntegrityError(
                f"The data version {version.id} was altered in DVC's cache: the MD5 of {kept} is "
                f"{found}. Next step: delete that file, then make it again with `kedro run "
                "--pipelines=data_versioning`, or let it be pulled from the remote."
            )
        yield Snapshot(kept)

    def places(self, identities: Sequence[str]) -> dict[str, Path]:
        """Name the files of versions in DVC's cache, whether they are there or not."""
        if not (self._root / Repo.DVC_DIR).is_dir():
            return {}
        with self._repository() as repository:
            return {identity: _stored(repository, identity) for identity in identities}

    def _add(self, repository: Any, content: ContentHash) -> str:
        """Copy the snapshot to the cache; an altered file that is there already is made anew."""
        (stage,) = repository.add([str(self._file)])
        identity = str(stage.outs[0].hash_info.value)
        kept = _stored(repository, identity)
        if _digest(kept) != identity:
            kept.unlink()
            repository.add([str(self._file)])
        if content_hash(Snapshot(kept)).digest != content.digest:
            raise IntegrityError(
                f"{self._file} was replaced by another run while this one was committing it. Next "
                "step: wait for the other run to end, then run again."
            )
        return identity

    @contextmanager
    def _repository(self) -> Iterator[Repo]:
        """Open the project's DVC repository, made if need be, without DVC's own messages."""
        with _silence():
            try:
                if not (self._root / Repo.DVC_DIR).is_dir():
                    _initialise(self._root)
                with Repo(
                    str(self._root), config=self._remote.settings(), _wait_for_lock=True
                ) as repository:
                    self._remote.check(repository)
                    yield repository
            except (DvcException, OSError) as error:
                raise BackendError(
                    f"DVC cannot version the data in {self._root}: "
                    f"{self._remote.without_secrets(str(error))}. Next step: run `dvc status` "
                    "there, which says more."
                ) from error

    def _lost(self, version: DatasetVersion, kept: Path) -> str:
        return (
            f"DVC's cache does not hold the data version {version.id}: there is no file {kept}. "
            f"{_again()} If it was pushed from elsewhere, name that remote in "
            f"'data_versioning.backends.dvc.remote' in {PARAMETERS}."
        )


def _initialise(root: Path) -> None:
    """Make a repository that appears at once and whole."""
    root.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".dvc.", dir=root) as unfinished:
        repository = Repo.init(unfinished, no_scm=True)
        with repository.config.edit() as settings:
            settings["core"].update(analytics=False, check_update=False)
        repository.close()
        with suppress(FileExistsError, OSError):  # another process was faster
            (Path(unfinished) / Repo.DVC_DIR).rename(root / Repo.DVC_DIR)


def _stored(repository: Any, identity: str) -> Path:
    return Path(repository.cache.local.oid_to_path(identity))


def _again() -> str:
    return "Next step: commit the data again with `kedro run --pipelines=data_versioning`."


def _digest(file: Path) -> str:
    """DVC names files by their MD5: a name here, no protection."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


@contextmanager
def _silence() -> Iterator[None]:
    """Turn off what DVC prints; its progress bars follow the level of its logger."""
    logger = logging.getLogger("dvc")
    level, quiet = logger.level, ui.error_console.quiet
    logger.setLevel(logging.CRITICAL)
    ui.error_console.quiet = True
    try:
        yield
    finally:
        logger.setLevel(level)
        ui.error_console.quiet = quiet
