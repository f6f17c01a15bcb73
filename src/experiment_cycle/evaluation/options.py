"""Options of the stage evaluation."""

from __future__ import annotations

from pydantic import Field

from experiment_cycle.options import Options


class SliceOptions(Options):
    """Which slices of the test rows are measured on their own."""

    columns: tuple[str, ...] | None = Field(
        default=None, description="features and sensitive columns; null: all of them"
    )
    bins: int = Field(
        default=4, ge=2, le=10, description="numeric columns with more levels are cut at quantiles"
    )
    min_rows: int = Field(default=30, ge=1, description="smaller slices are left out")


class FairnessOptions(Options):
    """Which levels of a sensitive column are compared."""

    min_group_rows: int = Field(
        default=30, ge=1, description="smaller groups are left out of differences and ratios"
    )


class EvaluationOptions(Options):
    """What is measured on the test rows, and how finely."""

    confidence: float = Field(default=0.95, gt=0.5, lt=1.0, description="level of the intervals")
    bootstrap_replicates: int = Field(default=1000, ge=100)
    calibration_bins: int = Field(default=10, ge=2, le=50)
    failure_cases: int = Field(default=50, ge=1, description="how many of the worst rows are kept")
    slices: SliceOptions = SliceOptions()
    fairness: FairnessOptions = FairnessOptions()
