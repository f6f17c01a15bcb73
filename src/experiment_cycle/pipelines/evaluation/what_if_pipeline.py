"""Wiring of the nodes that ask what would be predicted if a row were different."""

from kedro.pipeline import Node

from .what_if_nodes import find_counterfactuals, follow_features, write_what_if_page

OPTIONS = ["params:columns", "params:evaluation", "params:seed"]
TESTED = ["test", "cross_validated_rows"]


def what_if_nodes() -> list[Node]:
    """challenger, incumbent, test -> partial_dependence, counterfactuals, what_if_page."""
    return [
        Node(
            follow_features,
            ["challenger", "incumbent", "challenger_record", "validation", *OPTIONS],
            ["partial_dependence", "dependence_plot"],
            name="follow_features",
        ),
        Node(
            find_counterfactuals,
            ["challenger", "challenger_record", "train", *TESTED, *OPTIONS],
            "counterfactuals",
            name="find_counterfactuals",
            tags="opens-test-set",
        ),
        Node(
            write_what_if_page,
            [*TESTED, "test_predictions", "challenger_record", "incumbent_record", *OPTIONS],
            "what_if_page",
            name="write_what_if_page",
            tags="opens-test-set",
        ),
    ]
