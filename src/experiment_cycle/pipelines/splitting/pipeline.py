"""Wiring of the stage splitting."""

from kedro.pipeline import Node, Pipeline

from .nodes import assign_splits, audit_splits, write_split_manifest, write_splits


def create_pipeline(**_: object) -> Pipeline:
    """dataset -> train, validation, test, split_manifest, leakage_report."""
    return Pipeline(
        [
            Node(
                assign_splits,
                ["dataset", "params:columns", "params:splitting", "params:seed"],
                "split_assignment",
                name="assign_splits",
            ),
            Node(
                write_splits,
                ["dataset", "split_assignment"],
                ["train", "validation", "test"],
                name="write_splits",
            ),
            Node(
                write_split_manifest,
                [
                    "dataset",
                    "split_assignment",
                    "dataset_version",
                    "params:columns",
                    "params:splitting",
                    "params:seed",
                ],
                "split_manifest",
                name="write_split_manifest",
            ),
            Node(
                audit_splits,
                ["dataset", "split_assignment", "params:columns", "params:splitting"],
                "leakage_report",
                name="audit_splits",
                tags="opens-test-set",
            ),
        ],
        tags="splitting",
    )
