"""Wiring of the stage data_versioning."""

from kedro.pipeline import Node, Pipeline

from .nodes import (
    commit_dataset_version,
    describe_problem,
    profile_dataset,
    tabulate_profile,
    take_snapshot,
    trace_row_counts,
)


def create_pipeline(**_: object) -> Pipeline:
    """raw_data -> dataset, dataset_profile, problem, row_counts, dataset_version."""
    return Pipeline(
        [
            Node(
                take_snapshot,
                ["raw_data", "params:columns", "params:task", "staging_file"],
                "dataset",
                name="take_snapshot",
            ),
            Node(
                profile_dataset,
                ["dataset", "params:columns", "params:data_versioning"],
                "dataset_profile",
                name="profile_dataset",
            ),
            Node(
                describe_problem,
                [
                    "dataset",
                    "params:columns",
                    "params:task",
                    "params:hypothesis",
                    "params:evaluation",
                ],
                "problem",
                name="describe_problem",
            ),
            Node(
                tabulate_profile,
                "dataset_profile",
                "dataset_profile_table",
                name="tabulate_profile",
            ),
            Node(
                trace_row_counts,
                ["dataset", "rows_by_node"],
                "row_counts",
                name="trace_row_counts",
            ),
            Node(
                commit_dataset_version,
                [
                    "dataset",
                    "dataset_profile",
                    "params:data_versioning",
                    "params:hypothesis",
                    "project_folder",
                    "versioning_credentials",
                ],
                "dataset_version",
                name="commit_dataset_version",
            ),
        ],
        tags="data_versioning",
    )
