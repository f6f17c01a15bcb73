"""Wiring of the stage evaluation."""

from kedro.pipeline import Node, Pipeline

from .nodes import (
    choose_incumbent,
    collect_failure_cases,
    compare_sensitive_groups,
    compute_metrics,
    draw_evaluation,
    predict_test,
    slice_test,
)


def create_pipeline(**_: object) -> Pipeline:
    """challenger, baseline, registry, test -> incumbent, test_predictions, metrics, errors."""
    tested = ["test", "test_predictions"]
    options = "params:evaluation"
    return Pipeline(
        [
            Node(
                choose_incumbent,
                ["baseline", "seen_rows", "params:decision.registered_model"],
                ["incumbent", "incumbent_record", "incumbent_seen_rows"],
                name="choose_incumbent",
            ),
            Node(
                predict_test,
                ["challenger", "incumbent", "test", "params:columns"],
                ["test_predictions", "test_rows"],
                name="predict_test",
                tags="opens-test-set",
            ),
            Node(
                compute_metrics,
                ["test_predictions", options, "params:seed"],
                "metrics",
                name="compute_metrics",
            ),
            Node(
                slice_test,
                [*tested, "params:columns", options],
                "slice_metrics",
                name="slice_test",
                tags="opens-test-set",
            ),
            Node(
                compare_sensitive_groups,
                [*tested, "params:columns", options],
                "fairness",
                name="compare_sensitive_groups",
                tags="opens-test-set",
            ),
            Node(
                collect_failure_cases,
                [*tested, options],
                "failure_cases",
                name="collect_failure_cases",
                tags="opens-test-set",
            ),
            Node(
                draw_evaluation,
                ["test_predictions", options],
                ["roc_plot", "precision_recall_plot", "calibration_plot", "confusion_plot"],
                name="draw_evaluation",
            ),
        ],
        tags="evaluation",
    )
