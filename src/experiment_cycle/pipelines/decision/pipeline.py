"""Wiring of the stage decision."""

from kedro.pipeline import Node, Pipeline

from .nodes import check_gates, compare_models, foresee_power, make_decision, move_alias


def create_pipeline(**_: object) -> Pipeline:
    """Everything before -> comparison, gates, decision, promotion (the registry alias)."""
    options = ["params:hypothesis", "params:decision"]
    return Pipeline(
        [
            Node(
                foresee_power,
                [
                    "challenger",
                    "incumbent",
                    "challenger_record",
                    "incumbent_record",
                    "validation",
                    "split_keys",
                    "dataset_profile",
                    "split_manifest",
                    *options,
                    "params:columns",
                    "ledger",
                ],
                "foresight",
                name="foresee_power",
            ),
            Node(
                compare_models,
                [
                    "test_predictions",
                    "fold_predictions",
                    "challenger_record",
                    "incumbent_record",
                    "split_manifest",
                    "test_rows",
                    "split_keys",
                    "dataset_profile",
                    "foresight",
                    *options,
                    "params:columns",
                    "ledger",
                ],
                "comparison",
                name="compare_models",
            ),
            Node(
                check_gates,
                [
                    *options,
                    "params:columns",
                    "params:splitting.max_duplicate_share",
                    "params:data_versioning",
                    "project_folder",
                    "versioning_credentials",
                    "params:task",
                    "params:seed",
                    "params:splitting",
                    "params:tuning",
                    "params:training",
                    "audit_file",
                    "dataset_version",
                    "split_manifest",
                    "leakage_report",
                    "environment",
                    "comparison",
                    "challenger_record",
                    "incumbent_record",
                    "test_rows",
                    "seen_rows",
                    "incumbent_seen_rows",
                    "edge_cases",
                    "behaviour",
                ],
                "gates",
                name="check_gates",
            ),
            Node(
                make_decision,
                ["comparison", "gates", "split_manifest", *options],
                "decision",
                name="make_decision",
            ),
            Node(
                move_alias,
                [
                    "decision",
                    "challenger",
                    "challenger_record",
                    "incumbent_record",
                    "seen_rows",
                    "split_manifest",
                    "split_keys",
                    "validation",
                    "params:columns",
                    "params:decision",
                    "ledger",
                ],
                "promotion",
                name="move_alias",
            ),
        ],
        tags="decision",
    )
