"""Wiring of the stage evaluation."""

from kedro.pipeline import Node, Pipeline

from .behaviour_pipeline import behaviour_nodes, curve_nodes
from .error_pipeline import error_nodes
from .nodes import (
    choose_incumbent,
    compute_metrics,
    cross_validate,
    draw_evaluation,
    predict_test,
)
from .row_pipeline import row_nodes
from .what_if_pipeline import what_if_nodes


def create_pipeline(**_: object) -> Pipeline:
    """challenger, baseline, registry, test -> incumbent, test_predictions, metrics, errors."""
    predicted = ["test_predictions", "challenger_record", "incumbent_record"]
    options = "params:evaluation"
    return Pipeline(
        [
            Node(
                choose_incumbent,
                [
                    "baseline",
                    "baseline_record",
                    "seen_rows",
                    "params:decision.registered_model",
                    "params:training",
                    "params:decision.on_overlap",
                    "train",
                    "validation",
                    "split_keys",
                    "split_manifest",
                    "params:columns",
                    "params:tuning",
                    "params:splitting",
                    "params:task",
                    "params:seed",
                    "fold_results",
                ],
                ["incumbent", "incumbent_record", "incumbent_seen_rows"],
                name="choose_incumbent",
            ),
            Node(
                cross_validate,
                [
                    "train",
                    "validation",
                    "folds",
                    "split_manifest",
                    "incumbent_record",
                    "params:columns",
                    "params:training",
                    "params:tuning",
                    "params:task",
                    "params:seed",
                    "fold_results",
                ],
                ["fold_predictions", "cross_validated_rows"],
                name="cross_validate",
            ),
            Node(
                predict_test,
                [
                    "challenger",
                    "incumbent",
                    "seed_models",
                    "challenger_record",
                    "incumbent_record",
                    "test",
                    "fold_predictions",
                    "cross_validated_rows",
                    "params:columns",
                    "split_manifest",
                ],
                ["test_predictions", "test_rows"],
                name="predict_test",
                tags="opens-test-set",
            ),
            Node(
                compute_metrics,
                [*predicted, "params:hypothesis", options, "params:seed"],
                "metrics",
                name="compute_metrics",
            ),
            Node(
                draw_evaluation,
                [*predicted, options],
                ["curve_plot", "detail_plot", "calibration_plot", "confusion_plot"],
                name="draw_evaluation",
            ),
            *error_nodes(),
            *behaviour_nodes(),
            *curve_nodes(),
            *row_nodes(),
            *what_if_nodes(),
        ],
        tags="evaluation",
    )
