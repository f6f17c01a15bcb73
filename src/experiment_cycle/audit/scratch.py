"""A copy of the project's folder for one rerun: what it writes lands there, and is thrown away."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATHS = frozenset({"filepath", "path", "filename"})
WRAPPER = "MlflowArtifactDataset"
PATH_DATASET = "PathDataset"
DROPPED = frozenset({"versioned", "validator", "metadata", "artifact_path", "run_id"})
LEFT_OUT = frozenset({"data", "mlflow.db", "mlartifacts", "mlruns", ".git", ".dvc", ".viz"})
"""At the top of the project: what runs write, and what remembers them."""
RAW = Path("data/01_raw")
ELSEWHERE = "data/elsewhere"


@contextmanager
def scratch_folder(project: Path) -> Iterator[Path]:
    """Make a folder that looks like the project without anything a run has made, and work in it.

    Code and configuration are linked, raw data too (copied where links are not allowed). While the
    block runs the folder is the current one, an MLflow run that a node begins is recorded in it,
    and neither log lines, warnings nor progress bars of the rerun are shown.
    """
    before = Path.cwd()
    changed = {"MLFLOW_TRACKING_URI": None, "TTY_COMPATIBLE": None}
    kept = {name: os.environ.get(name) for name in changed}
    quiet = logging.root.manager.disable
    with tempfile.TemporaryDirectory(prefix="experiment_cycle_audit_") as folder:
        scratch = Path(folder).resolve()
        _furnish(scratch, project)
        try:
            os.chdir(scratch)
            os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{scratch}/mlflow.db"
            os.environ["TTY_COMPATIBLE"] = "0"
            logging.disable(logging.ERROR)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield scratch
        finally:
            logging.disable(quiet)
            os.chdir(before)
            for name, value in kept.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def redirect(entry: Mapping[str, Any], project: Path, scratch: Path) -> dict[str, Any] | None:
    """Let a catalog entry keep its data in the scratch folder; None if it names no file.

    A recorded dataset becomes the plain one inside. Validators are left out, because corrupted rows
    need not be valid.

    Args:
        entry: The entry, with absolute paths.
        project: The project's folder.
        scratch: The folder that stands in for it.
    """
    if str(entry.get("type", "")).rpartition(".")[2] == WRAPPER:
        return redirect(entry["dataset"], project, scratch)
    places = [key for key in PATHS if isinstance(entry.get(key), str)]
    if not places:
        return None
    moved = {key: value for key, value in entry.items() if key not in DROPPED}
    for key in places:
        place = _moved(str(entry[key]), project, scratch)
        _unlink(place, scratch)
        moved[key] = place.as_posix()
    if any("://" in str(entry[key]) for key in places):
        for key in ("credentials", "fs_args"):
            moved.pop(key, None)
    return moved


def is_path_dataset(entry: Mapping[str, Any]) -> bool:
    """Tell whether an entry hands nodes a place to write to."""
    return str(entry.get("type", "")).rpartition(".")[2] == PATH_DATASET


def _moved(path: str, project: Path, scratch: Path) -> Path:
    if "://" not in path:
        try:
            return scratch / Path(path).resolve().relative_to(project.resolve())
        except ValueError:
            pass
    return scratch / ELSEWHERE / path.replace("://", "/").lstrip("/").replace("..", "_")


def _unlink(place: Path, scratch: Path) -> None:
    """Take links out of the way to a place, so that what is written there stays in the scratch."""
    way = [scratch]
    for part in place.relative_to(scratch).parts:
        way.append(way[-1] / part)
    for step in way[1:]:
        if not step.is_symlink():
            continue
        linked = step.resolve()
        step.unlink()
        if step != place and linked.is_dir():
            step.mkdir()
            for item in sorted(linked.iterdir()):
                _link(item, step / item.name)
    place.parent.mkdir(parents=True, exist_ok=True)


def _furnish(scratch: Path, project: Path) -> None:
    for item in sorted(project.iterdir()):
        if item.name not in LEFT_OUT:
            _link(item, scratch / item.name)
    data = project / "data"
    for folder in sorted(data.iterdir()) if data.is_dir() else ():
        if folder.is_dir() and folder != project / RAW:
            (scratch / "data" / folder.name).mkdir(parents=True)
    if (project / RAW).is_dir():
        (scratch / RAW).mkdir(parents=True)
        for item in sorted((project / RAW).iterdir()):
            _link(item, scratch / RAW / item.name)


def _link(source: Path, target: Path) -> None:
    try:
        target.symlink_to(source.resolve(), target_is_directory=source.is_dir())
    except OSError:  # Windows lets not everyone make links
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy2(source, target)
