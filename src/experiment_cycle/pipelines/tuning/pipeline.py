"""Wiring of the stage tuning."""

from kedro.pipeline import Node, Pipeline

from .nodes import draw_trials, tune_hyperparameters


def create_pipeline(**_: object) -> Pipeline:
    """train, validation -> trials, best_hyperparameters."""
    return Pipeline(
        [
            Node(
                tune_hyperparameters,
                [
                    "train",
                    "validation",
                    "params:columns",
                    "params:training",
                    "params:tuning",
                    "params:task",
                    "params:seed",
                    "tuning_storage",
                ],
                ["trials", "best_hyperparameters"],
                name="tune_hyperparameters",
            ),
            Node(
                draw_trials,
                ["trials", "params:tuning", "params:task"],
                "trials_plot",
                name="draw_trials",
            ),
        ],
        tags="tuning",
    )
