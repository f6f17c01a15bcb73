"""A checked-out project made ready for a run as it was: parameters, data, and records apart."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from experiment_cycle.data_versioning.content_hash import content_hash
from experiment_cycle.data_versioning.options import DataVersioningOptions
from experiment_cycle.data_versioning.records import DatasetVersion
from experiment_cycle.data_versioning.versioning import open_versions
from experiment_cycle.errors import IntegrityError
from experiment_cycle.snapshot import Snapshot

REPLACED = ("parameters", "mlflow", "tracking")
"""Kinds of configuration that the record, and not the environment's folder, has the say of."""
STORE = "mlflow.db"
BACKEND = "dvc"
"""Keeps the data of the run in its own folder, whichever backend they come from."""


def place_data(
    folder: Path,
    project: Path,
    recorded: Mapping[str, Any],
    present: DataVersioningOptions,
    credentials: Mapping[str, Any],
) -> dict[str, Any]:
    """Check the recorded data version out into the folder, where it is the only one.

    Args:
        folder: The checked-out project.
        project: The user's, whose backend has the version.
        recorded: `dataset_version` and `configuration` of the record.
        present: The user's options; where the data cannot be had as recorded, they may know of
            a remote.
        credentials: The block `data_versioning` of credentials.yml.

    Returns:
        The block `data_versioning` of the parameters for the run: pinned, and nothing leaves the
        folder.

    Raises:
        IntegrityError: the version is missing or altered.
        BackendError: the backend does not answer.
    """
    version = DatasetVersion.model_validate(recorded["dataset_version"])
    block = recorded["configuration"]["data_versioning"]
    options = DataVersioningOptions.model_validate(block)
    local = {"file": options.backends.dvc.file, "remote": None, "push": False, "pull": False}
    file = folder / options.backends.dvc.file
    file.parent.mkdir(parents=True, exist_ok=True)
    _fetch(version, (options, present), project, folder, credentials, file)
    own = {**block, "backend": BACKEND, "tag": None}
    own["backends"] = {**block["backends"], BACKEND: local}
    versions = open_versions(DataVersioningOptions.model_validate(own), folder, {})
    snapshot = Snapshot(file)
    kept = versions.commit(snapshot, content_hash(snapshot), {})
    return {**own, "version": kept.id}


def write_configuration(
    folder: Path,
    env: str,
    parameters: Mapping[str, Any],
    experiment: str,
    registry: str,
) -> None:
    """Let the environment have the recorded parameters, and records of its own.

    Args:
        folder: The checked-out project.
        env: The environment that the run had; its catalog stays as it is.
        parameters: All of them.
        experiment: Name of the experiment in MLflow.
        registry: Address of the model registry that the champion is read from.
    """
    conf = folder / "conf" / env
    conf.mkdir(parents=True, exist_ok=True)
    for kind in REPLACED:
        for file in sorted({*conf.rglob(f"{kind}*.y*ml"), *conf.glob(f"{kind}*/**/*.y*ml")}):
            file.unlink()
    store = (folder / STORE).as_posix()
    artifacts = (folder / "mlartifacts").as_posix()
    written = {
        "parameters": _without_interpolation(parameters),
        "mlflow": {
            "server": {
                "mlflow_tracking_uri": f"sqlite:///{store}",
                "mlflow_registry_uri": registry,
                # where it needs any, this process has put them into the environment
                "credentials": None,
            },
            "tracking": {
                "experiment": {
                    "name": experiment,
                    "create_experiment_kwargs": {"artifact_location": artifacts},
                },
                "run": {"id": None, "name": None, "nested": True},
            },
        },
        "tracking": {"trackers": ["mlflow"], "system_metrics_seconds": None},
    }
    for kind, tree in written.items():
        text = yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)
        (conf / f"{kind}.yml").write_text(text, encoding="utf-8")


def _fetch(
    version: DatasetVersion,
    known: Sequence[DataVersioningOptions],
    project: Path,
    folder: Path,
    credentials: Mapping[str, Any],
    file: Path,
) -> None:
    """Ask the user's project; then the checked-out one, whose DVC may fetch from the remote."""
    failures = []
    for root in (project, folder):
        for options in known:
            try:
                versions = open_versions(
                    _reading(options, project), root, credentials, version.backend
                )
                if root == folder:
                    versions.versioner.use(version)
                with versions.opened(version) as snapshot:
                    shutil.copyfile(snapshot.path, file)
                return
            except IntegrityError as error:
                failures.append(error)
        if version.backend != BACKEND:
            break
    # the project's own answer says most
    raise IntegrityError(
        f"The data version {version.id}, with which the run was made, is not to be had here. "
        f"{failures[0].message} If it was made on another machine: push it there "
        "(data_versioning.backends.dvc.push), and name the same remote here."
    ) from failures[0]


def _reading(options: DataVersioningOptions, project: Path) -> DataVersioningOptions:
    """Push nothing, and let a relative address of the remote begin at the user's project."""
    remote = options.backends.dvc.remote
    if remote is not None and ("/" in remote or "\\" in remote) and "://" not in remote:
        remote = str((project / remote).resolve())
    dvc = options.backends.dvc.model_copy(update={"remote": remote, "push": False})
    blocks = options.backends.model_copy(update={BACKEND: dvc})
    return options.model_copy(update={"backends": blocks})


def _without_interpolation(tree: Any) -> Any:
    """Keep a text that has `${` in it from being taken for a reference."""
    if isinstance(tree, Mapping):
        return {key: _without_interpolation(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_without_interpolation(value) for value in tree]
    return tree.replace("${", "\\${") if isinstance(tree, str) else tree
