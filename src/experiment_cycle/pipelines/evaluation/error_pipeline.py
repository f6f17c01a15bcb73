"""Wiring of the nodes that ask where the challenger fails."""

from kedro.pipeline import Node

from .error_nodes import (
    collect_failure_cases,
    compare_sensitive_groups,
    search_weak_slices,
    slice_test,
    try_mitigation,
)

PREDICTED = ["test_predictions", "challenger_record", "incumbent_record"]
TESTED = ["test", "cross_validated_rows", *PREDICTED]


def error_nodes() -> list[Node]:
    """test, test_predictions, challenger -> slice_metrics, fairness, failure_cases."""
    options = "params:evaluation"
    return [
        Node(
            slice_test,
            [*TESTED, "params:columns", options],
            "slice_metrics",
            name="slice_test",
            tags="opens-test-set",
        ),
        Node(
            compare_sensitive_groups,
            [*TESTED, "params:columns", options, "params:seed"],
            ["fairness", "groups_plot"],
            name="compare_sensitive_groups",
            tags="opens-test-set",
        ),
        Node(
            search_weak_slices,
            [*TESTED, "params:columns", options, "params:seed"],
            ["weak_slices", "weak_slices_plot"],
            name="search_weak_slices",
            tags="opens-test-set",
        ),
        Node(
            try_mitigation,
            [
                "test",
                *PREDICTED,
                "challenger",
                "train",
                "validation",
                "params:columns",
                "params:training",
                options,
                "params:seed",
            ],
            ["mitigation", "mitigation_plot"],
            name="try_mitigation",
            tags="opens-test-set",
        ),
        Node(
            collect_failure_cases,
            [*TESTED, options],
            "failure_cases",
            name="collect_failure_cases",
            tags="opens-test-set",
        ),
    ]
