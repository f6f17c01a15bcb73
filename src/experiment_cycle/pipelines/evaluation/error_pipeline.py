"""Wiring of the nodes that ask where the challenger fails."""

from kedro.pipeline import Node

from .error_nodes import collect_failure_cases, compare_sensitive_groups, slice_test

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
            [*TESTED, "params:columns", options],
            "fairness",
            name="compare_sensitive_groups",
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
