"""Options of the stage evaluation."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from experiment_cycle.evaluation.errors.behaviour_options import BehaviourTest, distinct
from experiment_cycle.evaluation.errors.slice_demands import readable
from experiment_cycle.evaluation.what_if.options import WhatIfOptions
from experiment_cycle.options import Options


class WeakSliceOptions(Options):
    """How weak slices are searched for: on one half of the units, confirmed on the other."""

    search: bool = True
    alpha: float = Field(
        default=0.05, gt=0.0, lt=0.5, description="chance of confirming one where none is weak"
    )
    most: int = Field(default=10, ge=1, le=50, description="found ones that are put to the test")
    min_excess: float = Field(
        default=0.1, ge=0.0, description="least excess when found, as a share of the others' loss"
    )


class Bounds(Options):
    """From where to where a number or a date goes; a date is written as text."""

    above: float | str | None = None
    at_least: float | str | None = None
    below: float | str | None = None
    at_most: float | str | None = None


Demand = Annotated[Bounds | tuple[bool | int | float | str | None, ...], BeforeValidator(readable)]
"""What a declared slice demands of a column: bounds, or one of some levels (null: missing)."""


class SliceOptions(Options):
    """Which slices of the test rows are measured on their own."""

    columns: tuple[str, ...] | None = Field(
        default=None, description="features and sensitive columns; null: all of them"
    )
    bins: int = Field(
        default=4, ge=2, le=10, description="numeric columns with more levels are cut at quantiles"
    )
    min_rows: int = Field(default=30, ge=1, description="smaller slices are left out")
    declared: dict[str, Annotated[dict[str, Demand], Field(min_length=1)]] = Field(
        default={}, description="slices by name: of each column a list of levels, or bounds"
    )
    weak: WeakSliceOptions = WeakSliceOptions()


class FairnessOptions(Options):
    """Which levels of a sensitive column are compared."""

    min_group_rows: int = Field(
        default=30, ge=1, description="smaller groups are left out of differences and ratios"
    )
    mitigation: Literal["none", "threshold_optimizer", "exponentiated_gradient"] = "none"
    constraint: Literal["demographic_parity", "equalized_odds", "true_positive_rate_parity"] = (
        "equalized_odds"
    )
    mitigated: str | None = Field(
        default=None, description="the sensitive column that is mitigated for; null: the first one"
    )
    objective: Literal["accuracy", "balanced_accuracy"] = "accuracy"
    tolerances: tuple[Annotated[float, Field(gt=0.0, lt=1.0)], ...] = Field(
        default=(0.01, 0.05, 0.1), min_length=1, max_length=10, description="allowed gaps"
    )
    intersections: (
        tuple[Annotated[tuple[str, ...], Field(min_length=2, max_length=3)], ...] | None
    ) = Field(default=None, description="sensitive columns looked at together; null: every pair")


class EvaluationOptions(Options):
    """What is measured on the test rows, and how finely."""

    confidence: float = Field(default=0.95, gt=0.5, lt=1.0, description="level of the intervals")
    bootstrap_replicates: int = Field(default=1000, ge=100)
    calibration_bins: int = Field(default=10, ge=2, le=50)
    failure_cases: int = Field(default=50, ge=1, description="how many of the worst rows are kept")
    slices: SliceOptions = SliceOptions()
    fairness: FairnessOptions = FairnessOptions()
    what_if: WhatIfOptions = WhatIfOptions()
    behaviour: Annotated[tuple[BehaviourTest, ...], AfterValidator(distinct)] = Field(
        default=(), description="what is expected of the challenger when a row is changed"
    )
