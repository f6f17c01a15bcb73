"""Wiring of the stage training."""

from kedro.pipeline import Node, Pipeline

from .nodes import draw_loss, list_seen_rows, record_environment, train_baseline, train_challenger


def create_pipeline(**_: object) -> Pipeline:
    """train, validation, best_hyperparameters -> challenger, baseline, environment."""
    data = ["train", "validation"]
    options = ["params:columns", "params:training", "params:seed"]
    return Pipeline(
        [
            Node(
                record_environment,
                "project_folder",
                ["environment", "code_diff"],
                name="record_environment",
            ),
            Node(
                train_challenger,
                [*data, "best_hyperparameters", *options],
                ["challenger", "challenger_record", "training_history", "challenger_resources"],
                name="train_challenger",
            ),
            Node(
                train_baseline,
                [*data, *options],
                ["baseline", "baseline_resources"],
                name="train_baseline",
            ),
            Node(list_seen_rows, [*data, "params:columns"], "seen_rows", name="list_seen_rows"),
            Node(draw_loss, "training_history", "loss_plot", name="draw_loss"),
        ],
        tags="training",
    )
