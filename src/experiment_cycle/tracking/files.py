"""Files of a record: told apart by their content, found again after they were written over."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from experiment_cycle.options import Record
from experiment_cycle.tracking.entries import Artifact


class KeptArtifacts(Record):
    """Where MLflow keeps the artifacts of a run: the address of their folder, and of the store."""

    artifacts: str
    store: str


def artifact_of(file: Path, project: Path, path: str) -> Artifact:
    """Describe a file, or a folder, as it is now. Reads it once.

    Args:
        file: The file.
        project: The project's folder.
        path: Its name in the record.
    """
    inside = file.resolve().is_relative_to(project.resolve())
    name = file.resolve().relative_to(project.resolve()) if inside else file.resolve()
    return Artifact(file=name.as_posix(), path=path, content=content_of(file))


@contextmanager
def as_recorded(
    artifact: Artifact, project: Path, kept: KeptArtifacts | None
) -> Iterator[Path | None]:
    """Give a file as it was when it was recorded; None where nobody has it any more.

    Args:
        artifact: What was recorded.
        project: The project's folder.
        kept: MLflow's copies; asked where the file has changed since.
    """
    file = project / artifact.file
    if file.exists() and content_of(file) == artifact.content:
        yield file
        return
    with TemporaryDirectory() as folder:
        copy = _from_mlflow(artifact.path, kept, folder) if kept else None
        yield copy if copy is not None and content_of(copy) == artifact.content else None


def content_of(file: Path) -> str:
    """Hash a file's bytes, or the names and bytes of all files in a folder: SHA-256 (hex)."""
    if not file.is_dir():
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    digest = hashlib.sha256()
    for each in sorted(path for path in file.rglob("*") if path.is_file()):
        digest.update(f"{each.relative_to(file).as_posix()}\0{content_of(each)}\n".encode())
    return digest.hexdigest()


def _from_mlflow(path: str, kept: KeptArtifacts, folder: str) -> Path | None:
    import mlflow  # noqa: PLC0415 - takes seconds, and is rarely needed

    try:
        found = mlflow.artifacts.download_artifacts(
            artifact_uri=f"{kept.artifacts}/{path}", dst_path=folder, tracking_uri=kept.store
        )
    except (mlflow.MlflowException, OSError):
        return None
    return Path(found)
