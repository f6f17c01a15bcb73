"""Wiring of the stage splitting."""

from kedro.pipeline import Node, Pipeline

from .nodes import (
    assign_splits,
    audit_splits,
    read_champion_split,
    write_split_manifest,
    write_splits,
)


def create_pipeline(**_: object) -> Pipeline:
    """dataset -> train, validation, test, split_manifest, leakage_report."""
    champion = ["champion_split", "champion_split_keys"]
    return Pipeline(
        [
            Node(
                read_champion_split,
                ["params:splitting", "params:decision.registered_model"],
                champion,
                name="read_champion_split",
            ),
            Node(
                assign_splits,
                [
                    "dataset",
                    *champion,
                    "params:columns",
                    "params:splitting",
                    "params:seed",
                    "params:task",
                ],
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
                    *champion,
                    "dataset_version",
                    "params:columns",
                    "params:splitting",
                    "params:seed",
                    "params:task",
                ],
                ["split_manifest", "split_keys", "folds"],
                name="write_split_manifest",
            ),
            Node(
                audit_splits,
                [
                    "dataset",
                    "split_assignment",
                    "params:columns",
                    "params:splitting",
                    "params:seed",
                ],
                "leakage_report",
                name="audit_splits",
                tags="opens-test-set",
            ),
        ],
        tags="splitting",
    )
