"""Wiring of the stage training."""

from kedro.pipeline import Node, Pipeline

from .nodes import (
    describe_features,
    draw_learning_curve,
    draw_loss,
    list_seen_rows,
    record_baseline,
    record_environment,
    retrain_challenger,
    train_baseline,
    train_challenger,
    train_on_shares,
    try_challenger,
)


def create_pipeline(**_: object) -> Pipeline:
    """train, validation, best_hyperparameters -> challenger, baseline, environment."""
    data = ["train", "validation"]
    tuned = [*data, "best_hyperparameters"]
    options = ["params:columns", "params:training", "params:task", "params:seed"]
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
                [*tuned, *options, "checkpoints_folder"],
                [
                    "challenger",
                    "seed_models",
                    "challenger_fit",
                    "training_history",
                    "validation_report",
                ],
                name="train_challenger",
            ),
            Node(
                retrain_challenger,
                ["challenger", "challenger_fit", *tuned, *options, "params:decision.reproduce"],
                "retrained",
                name="retrain_challenger",
            ),
            Node(
                try_challenger,
                [
                    "challenger_fit",
                    "retrained",
                    "challenger_file",
                    *data,
                    "params:columns",
                    "params:training",
                    "checkpoints_folder",
                ],
                [
                    "challenger_record",
                    "challenger_resources",
                    "model_signature",
                    "input_example",
                ],
                name="try_challenger",
            ),
            Node(
                train_baseline,
                [*data, *options, "checkpoints_folder"],
                ["baseline", "baseline_fit"],
                name="train_baseline",
            ),
            Node(
                record_baseline,
                ["baseline_fit", "baseline_file", "checkpoints_folder"],
                ["baseline_record", "baseline_resources"],
                name="record_baseline",
            ),
            Node(list_seen_rows, [*data, "params:columns"], "seen_rows", name="list_seen_rows"),
            Node(
                describe_features,
                [*data, "params:columns", "params:training"],
                "known_features",
                name="describe_features",
            ),
            Node(draw_loss, "training_history", "loss_plot", name="draw_loss"),
            Node(train_on_shares, [*tuned, *options], "learning_curve", name="train_on_shares"),
            Node(
                draw_learning_curve,
                ["learning_curve", "training_history"],
                "learning_curve_plot",
                name="draw_learning_curve",
            ),
        ],
        tags="training",
    )
