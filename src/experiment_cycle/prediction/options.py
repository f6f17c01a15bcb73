"""Options of the pipeline prediction."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from experiment_cycle.options import Options

Name = Annotated[str, Field(min_length=1)]


class PredictionOptions(Options):
    """Which model predicts new rows, and what is done about rows unlike those it learned from."""

    model: int | Name = Field(
        default="champion", description="an alias in the model registry, or a version's number"
    )
    input: Name | None = Field(
        default=None, description="a file in place of that of the catalog entry new_rows"
    )
    output: Name | None = Field(
        default=None, description="a file in place of that of the catalog entry predictions_file"
    )
    batch_rows: int = Field(default=100_000, ge=1, description="rows held in memory at a time")
    unseen_levels: Literal["warn", "refuse"] = Field(
        default="warn", description="levels of a text column that no training row has"
    )
    keep: bool = Field(default=False, description="write the columns of the new rows as well")
