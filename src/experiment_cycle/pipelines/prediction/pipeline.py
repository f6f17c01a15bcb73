"""Wiring of the pipeline prediction; no part of a cycle."""

from kedro.pipeline import Node, Pipeline

from experiment_cycle.new_rows import repeated

from .. import data_preparation
from .nodes import choose_model, predict_new_rows

NEW_ROWS_COME_AS: str | None = None
"""The raw table that new rows come as; needed only where data_preparation reads several."""


def create_pipeline(**_: object) -> Pipeline:
    """new_rows -> predictions_file, prediction_record; prepared as the raw tables are."""
    preparation, rows = repeated(data_preparation.create_pipeline(), NEW_ROWS_COME_AS)
    return preparation + Pipeline(
        [
            Node(
                choose_model,
                ["params:prediction", "params:decision", "params:training"],
                "prediction_model",
                name="choose_model",
            ),
            Node(
                predict_new_rows,
                [
                    rows,
                    "prediction_model",
                    "params:columns",
                    "params:prediction",
                    "predictions_file",
                ],
                "prediction_record",
                name="predict_new_rows",
            ),
        ],
        tags="prediction",
    )
