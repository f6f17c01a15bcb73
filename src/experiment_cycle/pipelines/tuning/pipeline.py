"""Wiring of the stage tuning."""

from kedro.pipeline import Node, Pipeline

from .nodes import draw_search, tune_hyperparameters


def create_pipeline(**_: object) -> Pipeline:
    """train, validation -> trials, best_hyperparameters, search_record."""
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
                    "params:hypothesis",
                ],
                ["trials", "best_hyperparameters", "trial_curves", "search_record"],
                name="tune_hyperparameters",
            ),
            Node(
                draw_search,
                ["trials", "trial_curves", "params:tuning", "params:task", "params:seed"],
                ["trials_plot", "importance_plot", "parallel_plot", "slice_plot", "curves_plot"],
                name="draw_search",
            ),
        ],
        tags="tuning",
    )
