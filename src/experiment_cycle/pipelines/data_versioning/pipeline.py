"""Wiring of the stage data_versioning."""

from kedro.pipeline import Node, Pipeline

from .nodes import commit_dataset_version, profile_dataset, take_snapshot


def create_pipeline(**_: object) -> Pipeline:
    """raw_data -> dataset, dataset_profile, dataset_version."""
    return Pipeline(
        [
            Node(take_snapshot, ["raw_data", "params:columns"], "dataset", name="take_snapshot"),
            Node(
                profile_dataset,
                ["dataset", "params:columns", "params:data_versioning"],
                "dataset_profile",
                name="profile_dataset",
            ),
            Node(
                commit_dataset_version,
                ["dataset", "dataset_profile", "params:data_versioning", "project_folder"],
                "dataset_version",
                name="commit_dataset_version",
            ),
        ],
        tags="data_versioning",
    )
