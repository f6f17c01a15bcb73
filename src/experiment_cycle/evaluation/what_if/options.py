"""Options of partial dependence, counterfactuals and the What-If page."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from experiment_cycle.options import Options

Name = Annotated[str, Field(min_length=1)]


class WhatIfOptions(Options):
    """How much is tried, and what of a row cannot be different."""

    features: int = Field(default=6, ge=1, le=12, description="that move predictions most")
    rows: int = Field(default=500, ge=20, le=10_000, description="of validation, for the curves")
    counterfactuals: int = Field(default=8, ge=0, le=100, description="0: none are searched")
    immutable: tuple[Name, ...] | None = Field(
        default=None, description="what no counterfactual changes; null: the sensitive columns"
    )
    amount: float | None = Field(
        default=None, description="regression: a counterfactual lies on the other side of it"
    )
    page_rows: int = Field(default=2_000, ge=1, le=20_000, description="test rows on the page")
