"""Wiring of the nodes that try the challenger out, and of those that draw calls and errors."""

from kedro.pipeline import Node

from .behaviour_nodes import time_predictions, try_changed_rows, try_unusual_tables
from .curve_nodes import analyse_residuals, draw_calls

RECORDS = ["challenger_record", "incumbent_record"]


def behaviour_nodes() -> list[Node]:
    """challenger, incumbent, train, validation -> edge_cases, behaviour, prediction_cost."""
    options = "params:evaluation"
    return [
        Node(
            try_unusual_tables,
            ["challenger", "challenger_record", "train", "params:columns", "params:seed"],
            "edge_cases",
            name="try_unusual_tables",
        ),
        Node(
            try_changed_rows,
            [
                "challenger",
                "challenger_record",
                "validation",
                "params:columns",
                options,
                "params:seed",
            ],
            "behaviour",
            name="try_changed_rows",
        ),
        Node(
            time_predictions,
            [
                "challenger",
                "incumbent",
                *RECORDS,
                "validation",
                "params:columns",
                "challenger_file",
                "incumbent_file",
                "challenger_resources",
                "baseline_resources",
            ],
            "prediction_cost",
            name="time_predictions",
        ),
    ]


def curve_nodes() -> list[Node]:
    """test_predictions, test, validation -> call_costs, residuals and their plots."""
    options = "params:evaluation"
    return [
        Node(
            draw_calls,
            [
                "challenger",
                "validation",
                "test_predictions",
                *RECORDS,
                "params:columns",
                "params:training",
                options,
            ],
            ["call_costs", "threshold_plot", "gain_plot"],
            name="draw_calls",
        ),
        Node(
            analyse_residuals,
            [
                "test",
                "cross_validated_rows",
                "test_predictions",
                *RECORDS,
                "params:columns",
                options,
                "params:seed",
            ],
            ["residuals", "quantile_plot", "residual_plot"],
            name="analyse_residuals",
            tags="opens-test-set",
        ),
    ]
