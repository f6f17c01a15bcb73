"""Versions of the dataset in a DVC repository of the project's own, or in the user's."""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.ui import ui

from experiment_cycle.data_versioning.content_hash import content_hash
from experiment_cycle.data_versioning.records import ContentHash, DatasetVersion
from experiment_cycle.errors import BackendError, IntegrityError
from experiment_cycle.replacing import replacing
from experiment_cycle.snapshot import Snapshot

BACKEND = "dvc"
META = "experiment_cycle"
"""The key of ours in the free block `meta` of a pointer file."""


class DvcVersioner:
    """Keeps snapshots in DVC's cache; the pointer file next to the snapshot names the newest.

    The id of a version is the MD5 of its file, as DVC names it. The content hash is written to the
    pointer file, in the block DVC leaves to others, together with the id it belongs to: so it is
    not believed after `dvc add` was called by hand.

    Args:
        root: The project's folder. A DVC repository in it is used as it is; else one is made,
            which knows no Git and calls nobody.
    """

    def __init__(self, root: Path) -> None:
        self._root = Path(root).absolute()

    def commit(self, snapshot: Snapshot, content: ContentHash) -> DatasetVersion:
        """Add the snapshot to DVC, unless the newest version already holds the same content.

        Returns:
            The version that holds the content.

        Raises:
            BackendError: DVC refuses, or the snapshot lies outside the project.
        """
        path = snapshot.path.absolute()
        if not path.is_relative_to(self._root):
            raise BackendError(
                f"DVC cannot version {path}, because it lies outside the project {self._root}. "
                "Next step: give the entry 'dataset' in conf/base/catalog_data_versioning.yml a "
                "path inside the project."
            )
        pointer = path.with_name(f"{path.name}.dvc")
        with self._repository() as repository:
            identity = _unchanged(pointer, content)
            if identity is None or not _stored(repository, identity).is_file():
                (stage,) = repository.add([str(path)])
                identity = str(stage.outs[0].hash_info.value)
                known = {"content_hash": content.digest, "id": identity}
                stage.meta = {**(stage.meta or {}), META: known}
                stage.dump()
            size = _stored(repository, identity).stat().st_size
        return DatasetVersion(
            backend=BACKEND,
            id=identity,
            content_hash=content.digest,
            rows=content.rows,
            columns=len(content.columns),
            size_bytes=size,
            pointer=pointer.relative_to(self._root).as_posix(),
        )

    def verify(self, version: DatasetVersion) -> None:
        """Hash the file in DVC's cache again, and its content.

        DVC itself does not: it hands out an altered file of its cache without noticing.

        Raises:
            IntegrityError: the file is missing or altered.
            BackendError: DVC does not answer.
        """
        self._verified(version)

    def checkout(self, version: DatasetVersion, destination: Path) -> Snapshot:
        """Copy a version out of DVC's cache; the pointer file stays as it is.

        Returns:
            A handle on the copy.

        Raises:
            IntegrityError: the file in the cache is missing or altered.
            BackendError: DVC does not answer.
        """
        kept = self._verified(version)
        destination.parent.mkdir(parents=True, exist_ok=True)
        with replacing(destination) as unfinished:
            shutil.copyfile(kept, unfinished)
        return Snapshot(destination.absolute())

    def _verified(self, version: DatasetVersion) -> Path:
        if not (self._root / Repo.DVC_DIR).is_dir():
            raise IntegrityError(
                f"The project {self._root} has no DVC repository any more, so that the data "
                f"version {version.id} is lost. {_again()}"
            )
        with self._repository() as repository:
            kept = _stored(repository, version.id)
        if not kept.is_file():
            raise IntegrityError(
                f"DVC's cache does not hold the data version {version.id}: there is no file "
                f"{kept}. {_again()} If it was pushed from elsewhere, `dvc pull {version.pointer}` "
                "brings it back."
            )
        with kept.open("rb") as file:
            found = hashlib.file_digest(file, _md5).hexdigest()
        if found != version.id:
            raise IntegrityError(
                f"The data version {version.id} was altered in DVC's cache: the MD5 of {kept} is "
                f"{found}. Next step: delete that file, then make it again with `kedro run "
                "--pipelines=data_versioning`."
            )
        digest = content_hash(Snapshot(kept)).digest
        if digest != version.content_hash:
            raise IntegrityError(
                f"The data version {version.id} holds other content than was recorded: its hash "
                f"is {digest}, and {version.content_hash} was recorded. {_again()}"
            )
        return kept

    @contextmanager
    def _repository(self) -> Iterator[Repo]:
        """Open the project's DVC repository, made if need be, without DVC's own messages."""
        with _silence():
            try:
                if not (self._root / Repo.DVC_DIR).is_dir():
                    _initialise(self._root)
                with Repo(str(self._root)) as repository:
                    yield repository
            except (DvcException, OSError) as error:
                raise BackendError(
                    f"DVC cannot version the data in {self._root}: {error}. Next step: run "
                    "`dvc status` there, which says more."
                ) from error


def _initialise(root: Path) -> None:
    repository = Repo.init(str(root), no_scm=True)
    with repository.config.edit() as settings:
        settings["core"].update(analytics=False, check_update=False)
    repository.close()


def _stored(repository: Any, identity: str) -> Path:
    return Path(repository.cache.local.oid_to_path(identity))


def _unchanged(pointer: Path, content: ContentHash) -> str | None:
    """Find the id of the newest version if its content is this one."""
    try:
        recorded = yaml.safe_load(pointer.read_text(encoding="utf-8"))
        known = recorded["meta"][META]
        identity = str(recorded["outs"][0]["md5"])
    except (FileNotFoundError, KeyError, TypeError, IndexError, yaml.YAMLError):
        return None
    same = known == {"content_hash": content.digest, "id": identity}
    return identity if same else None


def _again() -> str:
    return "Next step: commit the data again with `kedro run --pipelines=data_versioning`."


def _md5() -> Any:
    """DVC names files by their MD5: a name here, no protection."""
    return hashlib.md5(usedforsecurity=False)


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
