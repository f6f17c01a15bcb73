"""Options of the stage reporting."""

from __future__ import annotations

from pydantic import Field

from experiment_cycle.options import Options
from experiment_cycle.reporting.model_card.texts import ModelCardTexts


class ReportingOptions(Options):
    """How much the report shows; everything else is in the record."""

    failure_cases: int = Field(
        default=10, ge=0, le=50, description="how many of the worst rows the report shows"
    )
    slices: int = Field(
        default=12, ge=0, le=50, description="how many of the weakest slices the report shows"
    )
    model_card: ModelCardTexts = ModelCardTexts()
