"""Commit the dataset to the backend named in the options, and check what a backend keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from experiment_cycle.backends import load_backend
from experiment_cycle.data_versioning.contract import Versioner
from experiment_cycle.data_versioning.options import DataVersioningOptions
from experiment_cycle.data_versioning.records import ContentHash, DatasetVersion
from experiment_cycle.snapshot import Snapshot

FAMILY = "versioners"


def commit_version(
    snapshot: Snapshot,
    content_hash: dict[str, Any],
    options: DataVersioningOptions,
    project_folder: Path,
) -> DatasetVersion:
    """Commit a snapshot to the versioning backend; unchanged content makes no new version.

    Args:
        snapshot: The dataset.
        content_hash: Its `ContentHash`, as it is stored in the profile.
        options: They name the backend.
        project_folder: The folder the backend works in.

    Raises:
        BackendError: the backend is unknown, not installed, or cannot take the file.
    """
    versioner: Versioner = load_backend(FAMILY, options.backend)(project_folder)
    return versioner.commit(snapshot, ContentHash.model_validate(content_hash))


def verify_version(version: DatasetVersion, project_folder: Path) -> None:
    """Check that the backend still keeps a version, unaltered.

    Raises:
        IntegrityError: its bytes are missing or not those that were committed.
        BackendError: the backend is not installed or does not answer.
    """
    versioner: Versioner = load_backend(FAMILY, version.backend)(project_folder)
    versioner.verify(version)
