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
from dvc_data.hashfile.hash_info import HashInfo

from experiment_cycle.data_versioning.content_hash import content_hash
from experiment_cycle.data_versioning.options import DvcOptions
from experiment_cycle.data_versioning.records import ContentHash, DatasetVersion, VersionEntry
from experiment_cycle.data_versioning.version_log import VersionLog
from experiment_cycle.errors import BackendError, IntegrityError, near_misses
from experiment_cycle.replacing import replacing
from experiment_cycle.snapshot import Snapshot

BACKEND = "dvc"
REMOTE = "experiment_cycle"
"""What a remote given by its address is called; it is not written to DVC's configuration."""
PARAMETERS = "conf/base/parameters_data_versioning.yml"


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
        self._secrets = {name: value for name, value in credentials.items() if value is not None}
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
            if self._options.push:
                self._transfer(repository.cloud.push, identity, "pushed to")
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
        """Let the pointer name the version, if the cache or the remote has it."""
        with self._repository() as repository:
            if not _stored(repository, version.id).is_file() and not self._can_pull(repository):
                raise IntegrityError(self._lost(version, _stored(repository, version.id)))
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
            if not kept.is_file() and self._can_pull(repository):
                self._transfer(repository.cloud.pull, version.id, "pulled from")
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

    def _transfer(self, move: Any, identity: str, what: str) -> None:
        name = REMOTE if self._is_address() else self._options.remote
        try:
            failed = move([HashInfo("md5", identity)], remote=name).failed
            told = "not every file arrived"
        except Exception as error:
            failed, told = True, self._without_secrets(f"{type(error).__name__}: {error}")
        if failed:
            raise BackendError(
                f"The data version {identity} could not be {what} the DVC remote "
                f"'{self._options.remote or 'default'}': {told}. Next step: see that the remote is "
                "reachable, takes the credentials and has room, then run again."
            )

    def _can_pull(self, repository: Any) -> bool:
        remote = self._options.remote or repository.config["core"].get("remote")
        return self._options.pull and remote is not None

    def _is_address(self) -> bool:
        return any(sign in (self._options.remote or "") for sign in "/\\:")

    @contextmanager
    def _repository(self) -> Iterator[Repo]:
        """Open the project's DVC repository, made if need be, without DVC's own messages."""
        with _silence():
            try:
                if not (self._root / Repo.DVC_DIR).is_dir():
                    _initialise(self._root)
                with Repo(
                    str(self._root), config=self._overrides(), _wait_for_lock=True
                ) as repository:
                    self._check_remote(repository)
                    yield repository
            except (DvcException, OSError) as error:
                raise BackendError(
                    f"DVC cannot version the data in {self._root}: "
                    f"{self._without_secrets(str(error))}. Next step: run `dvc status` there, "
                    "which says more."
                ) from error

    def _overrides(self) -> dict[str, Any]:
        """Settings of the remote that are not written to DVC's configuration."""
        if self._options.remote is None:
            return {}
        if not self._is_address():
            return {"remote": {self._options.remote: self._secrets}} if self._secrets else {}
        address = self._options.remote
        if "://" not in address:
            address = str(self._root / address)
        return {"remote": {REMOTE: {"url": address, **self._secrets}}}

    def _check_remote(self, repository: Any) -> None:
        name, known = self._options.remote, repository.config["remote"]
        if name is None or self._is_address():
            if self._options.push and name is None and not repository.config["core"].get("remote"):
                raise BackendError(
                    f"'data_versioning.backends.dvc.push' in {PARAMETERS} is true, but DVC has no "
                    "default remote. Next step: name one in 'remote' there."
                )
        elif "url" not in known.get(name, {}):
            configured = [each for each in known if "url" in known[each]]
            raise BackendError(
                f"DVC has no remote '{name}' ('data_versioning.backends.dvc.remote' in "
                f"{PARAMETERS}). {near_misses(name, configured)} Next step: name one of them, or "
                "write an address, such as a folder or s3://bucket/folder."
            )

    def _lost(self, version: DatasetVersion, kept: Path) -> str:
        return (
            f"DVC's cache does not hold the data version {version.id}: there is no file {kept}. "
            f"{_again()} If it was pushed from elsewhere, name that remote in "
            f"'data_versioning.backends.dvc.remote' in {PARAMETERS}."
        )

    def _without_secrets(self, told: str) -> str:
        for secret in self._secrets.values():
            told = told.replace(str(secret), "***")
        return told


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
