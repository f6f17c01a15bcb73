"""Options of the stage splitting, and what they demand of the columns."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field, model_validator

from experiment_cycle.columns import Columns
from experiment_cycle.errors import ConfigurationError
from experiment_cycle.options import Options

TOLERANCE = 1e-9
GROUPED = ("group", "stratified_group")


class Ratios(Options):
    """The shares of the rows that train, validate and test; they add up to 1."""

    train: float = Field(default=0.70, gt=0, lt=1)
    validation: float = Field(default=0.15, gt=0, lt=1)
    test: float = Field(default=0.15, gt=0, lt=1)

    @model_validator(mode="after")
    def _add_up(self) -> Ratios:
        total = math.fsum((self.train, self.validation, self.test))
        if abs(total - 1) > TOLERANCE:
            raise ValueError(
                f"train {self.train:g}, validation {self.validation:g} and test {self.test:g} add "
                f"up to {total:.6g}; they must add up to 1"
            )
        return self


class SplittingOptions(Options):
    """How rows are assigned to train, validation and test."""

    strategy: Literal["random", "stratified", "group", "stratified_group"] = "stratified_group"
    ratios: Ratios = Ratios()
    override_reason: str | None = Field(
        default=None, description="why a declared group column is ignored after all"
    )
    max_duplicate_share: float = Field(
        default=0.01,
        ge=0,
        le=1,
        description="share of test rows that may have an identical twin elsewhere",
    )


def check_splitting(columns: Columns, options: SplittingOptions) -> None:
    """Check that the strategy and the declared columns go together; reads no data.

    Raises:
        ConfigurationError: a group column is declared, but the strategy would divide groups and no
            reason is given; or the strategy needs a group column and none is declared.
    """
    grouped = options.strategy in GROUPED
    if grouped and columns.group is None:
        raise ConfigurationError(
            f"'splitting.strategy' is {options.strategy}, but 'columns.group' names no column. "
            "Next step: name the column whose rows belong together in parameters_task.yml, or, if "
            "there is none, set 'splitting.strategy' to stratified or random."
        )
    reason = (options.override_reason or "").strip()
    if not grouped and columns.group is not None and not reason:
        raise ConfigurationError(
            f"'splitting.strategy' is {options.strategy}, which would put rows of the same group "
            f"on both sides of the split, although 'columns.group' declares '{columns.group}'. "
            "Next step: set 'splitting.strategy' to stratified_group or group; or, if it is "
            "meant, say why in 'splitting.override_reason', and the leakage check will report it."
        )
