"""Nodes of the stage data_versioning."""

from pathlib import Path
from typing import Any

import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.data_versioning.intake import take_in
from experiment_cycle.data_versioning.options import DataVersioningOptions
from experiment_cycle.data_versioning.profile import profile
from experiment_cycle.data_versioning.profile_table import profile_table
from experiment_cycle.data_versioning.records import ContentHash, DatasetProfile
from experiment_cycle.data_versioning.versioning import open_versions
from experiment_cycle.datasets.credentials import Credentials
from experiment_cycle.decision.criteria import check_metrics
from experiment_cycle.evaluation.demands import check_demands, named_columns
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.hypothesis import Hypothesis
from experiment_cycle.problem import Problem, Task
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.tracking.row_counts import trace_rows


def take_snapshot(raw_data: Any, columns: Columns, task: Task, staging_file: Path) -> Snapshot:
    """Write the raw table to a Parquet file, known to be usable, that is moved into place."""
    return take_in(raw_data, columns, staging_file, task)


def profile_dataset(
    dataset: Snapshot, columns: Columns, options: DataVersioningOptions
) -> dict[str, Any]:
    """Hash and describe every column of the snapshot."""
    return profile(dataset, columns, options.top_values).model_dump(mode="json")


def describe_problem(
    dataset: Snapshot,
    columns: Columns,
    task: Task,
    hypothesis: Hypothesis,
    evaluation: EvaluationOptions,
) -> dict[str, Any]:
    """Say what the target poses, and refuse what is asked of columns or classes not there."""
    available = list(dataset.types)
    rows = dataset.to_pandas([*named_columns(evaluation, available), columns.target])
    problem = Problem.of(task, rows.pop(columns.target), columns)
    check_metrics(hypothesis, problem)
    check_demands(evaluation, available, rows, problem, columns)
    return problem.model_dump(mode="json")


def tabulate_profile(dataset_profile: dict[str, Any]) -> pd.DataFrame:
    """Lay the profile out as a table with one row a column of the data."""
    return profile_table(DatasetProfile.model_validate(dataset_profile))


def trace_row_counts(dataset: Snapshot, rows_by_node: Path) -> dict[str, Any]:
    """Put the steps from the raw tables to the dataset in order, with the rows each one kept."""
    return trace_rows(dataset, rows_by_node).model_dump(mode="json")


def commit_dataset_version(
    dataset: Snapshot,
    dataset_profile: dict[str, Any],
    options: DataVersioningOptions,
    hypothesis: Hypothesis,
    project_folder: Path,
    versioning_credentials: Credentials,
) -> dict[str, Any]:
    """Commit the snapshot to the versioning backend; unchanged content makes no new version."""
    versions = open_versions(options, project_folder, versioning_credentials)
    content = ContentHash.model_validate(dataset_profile["content_hash"])
    version = versions.commit(dataset, content, {"hypothesis": hypothesis.id}, options.tag)
    return version.model_dump(mode="json")
