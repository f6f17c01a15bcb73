"""Nodes of the stage data_versioning."""

from pathlib import Path
from typing import Any

from experiment_cycle.columns import Columns
from experiment_cycle.data_versioning.checks import check_raw_data
from experiment_cycle.data_versioning.options import DataVersioningOptions
from experiment_cycle.data_versioning.profile import profile
from experiment_cycle.data_versioning.versioning import commit_version
from experiment_cycle.datasets.tables import rereadable
from experiment_cycle.snapshot import Snapshot


def take_snapshot(raw_data: Any, columns: Columns) -> Any:
    """Pass the raw table on to be written as Parquet, once it is known to be usable."""
    table = rereadable(raw_data)
    check_raw_data(table, columns)
    return table


def profile_dataset(
    dataset: Snapshot, columns: Columns, options: DataVersioningOptions
) -> dict[str, Any]:
    """Hash and describe every column of the snapshot."""
    return profile(dataset, columns, options.top_values).model_dump(mode="json")


def commit_dataset_version(
    dataset: Snapshot,
    dataset_profile: dict[str, Any],
    options: DataVersioningOptions,
    project_folder: Path,
) -> dict[str, Any]:
    """Commit the snapshot to the versioning backend; unchanged content makes no new version."""
    version = commit_version(dataset, dataset_profile["content_hash"], options, project_folder)
    return version.model_dump(mode="json")
