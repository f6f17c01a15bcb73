"""Wiring of the nodes that look at single rows."""

from kedro.pipeline import Node

from .row_nodes import compare_errors, compare_with_train, doubt_labels, explain_failure_cases

PREDICTED = ["test_predictions", "challenger_record", "incumbent_record"]
TESTED = ["test", "cross_validated_rows", *PREDICTED]


def row_nodes() -> list[Node]:
    """test, test_predictions, challenger, train -> why rows failed, who is right, doubts, drift."""
    columns, options, seed = "params:columns", "params:evaluation", "params:seed"
    return [
        Node(
            explain_failure_cases,
            [*TESTED, "failure_cases", "challenger", "train", "validation", columns, seed],
            ["failure_attributions", "failure_neighbours", "failure_explanations"],
            name="explain_failure_cases",
            tags="opens-test-set",
        ),
        Node(
            compare_errors,
            [*TESTED, columns, options],
            ["disagreement", "broken_cases", "disagreement_plot"],
            name="compare_errors",
            tags="opens-test-set",
        ),
        Node(
            doubt_labels,
            [*TESTED, "challenger", "validation", columns, options],
            ["label_errors", "suspected_labels"],
            name="doubt_labels",
            tags="opens-test-set",
        ),
        Node(
            compare_with_train,
            # with the predictions, so that the test set is opened once the models are final
            ["train", "test", "test_predictions", columns, seed],
            "test_drift",
            name="compare_with_train",
            tags="opens-test-set",
        ),
    ]
