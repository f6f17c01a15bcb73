"""Options of the stage data_versioning."""

from __future__ import annotations

from pydantic import Field

from experiment_cycle.options import Options


class DataVersioningOptions(Options):
    """How the data are versioned and described."""

    backend: str = Field(default="dvc", description="name of an installed versioning backend")
    top_values: int = Field(
        default=10, ge=1, le=100, description="most frequent values of a column to keep"
    )
