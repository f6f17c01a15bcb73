"""Options of the stage splitting, and what they demand of the columns."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from experiment_cycle.columns import Columns
from experiment_cycle.errors import ConfigurationError
from experiment_cycle.options import Options
from experiment_cycle.splitting.duration import Duration
from experiment_cycle.splitting.leakage.options import AuditOptions

TOLERANCE = 1e-9
GROUPED = ("group", "stratified_group", "group_time")
"""Strategies that need something to keep whole."""
KEEPS_GROUPS = (*GROUPED, "key_hash", "predefined")
"""Strategies by which a declared group is never divided."""
TIMED = ("time", "group_time")
"""Strategies by which the parts follow each other in time."""

Strategy = Literal[
    "random",
    "stratified",
    "group",
    "stratified_group",
    "time",
    "group_time",
    "predefined",
    "key_hash",
]


class Ratios(Options):
    """The shares of the rows that train, validate and test; they add up to 1."""

    train: float = Field(default=0.70, gt=0, lt=1)
    validation: float = Field(default=0.15, gt=0, lt=1)
    test: float = Field(default=0.15, ge=0, lt=1)

    @model_validator(mode="after")
    def _add_up(self) -> Ratios:
        total = math.fsum((self.train, self.validation, self.test))
        if abs(total - 1) > TOLERANCE:
            raise ValueError(
                f"train {self.train:g}, validation {self.validation:g} and test {self.test:g} add "
                f"up to {total:.6g}; they must add up to 1"
            )
        return self


class CrossValidation(Options):
    """So many folds, drawn so many times; one tests, one validates, the others train."""

    folds: int = Field(default=5, ge=3, le=100)
    repeats: int = Field(default=1, ge=1, le=100)


class SplittingOptions(Options):
    """How rows are assigned to train, validation and test."""

    strategy: Strategy = "stratified_group"
    ratios: Ratios = Ratios()
    column: str | None = Field(
        default=None, description="holds the words train, validation and test (predefined)"
    )
    label_horizon: Duration | None = Field(
        default=None, description="how long after its moment the label of a row is known"
    )
    feature_lookback: Duration | None = Field(
        default=None, description="how far before its moment the features of a row reach"
    )
    inherit: Literal["champion", "none"] = "champion"
    split_salt: Annotated[str, Field(min_length=1)] = "1"
    cross_validation: CrossValidation | None = None
    override_reason: str | None = Field(
        default=None, description="why a declared group or time column is ignored after all"
    )
    max_duplicate_share: float = Field(
        default=0.01,
        ge=0,
        le=1,
        description="share of test rows that may have an identical twin chance does not explain",
    )
    audit: AuditOptions = AuditOptions()

    @model_validator(mode="after")
    def _has_a_test_part(self) -> Self:
        if self.ratios.test == 0 and self.cross_validation is None:
            raise ValueError(
                "ratios.test is 0, which leaves nothing to test with; it may be so only where "
                "cross_validation is set"
            )
        return self

    @property
    def reason(self) -> str:
        """Why declared columns are ignored; empty where no reason is given."""
        return (self.override_reason or "").strip()


def check_splitting(columns: Columns, options: SplittingOptions) -> None:
    """Check that the strategy and the declared columns go together; reads no data.

    A query column asks for nothing: no strategy divides a query.

    Raises:
        ConfigurationError: a group or time column is declared, but the strategy would ignore it
            and no reason is given; or the strategy needs a column that is not declared, or one
            that is still a feature.
    """
    for problem in _problems(columns, options):
        raise ConfigurationError(problem)


def _problems(columns: Columns, options: SplittingOptions) -> Iterator[str]:
    yield from _lacking(columns, options)
    if options.strategy == "predefined":
        yield from _predefined(columns, options)
    elif not options.reason:
        yield from _ignored(columns, options)
    if columns.time is None:
        for key in ("label_horizon", "feature_lookback"):
            if getattr(options, key) is not None:
                yield (
                    f"'splitting.{key}' is {getattr(options, key)}, but 'columns.time' names no "
                    "column from which it could be counted. Next step: name the column that holds "
                    f"the moment of prediction, or set 'splitting.{key}' to null."
                )
    folds = options.cross_validation
    if folds is not None and folds.repeats > 1 and options.strategy in TIMED:
        yield (
            f"'splitting.cross_validation.repeats' is {folds.repeats}, but folds by time "
            f"(strategy {options.strategy}) come out the same every time. Next step: set it to 1."
        )


def _lacking(columns: Columns, options: SplittingOptions) -> Iterator[str]:
    if options.strategy in GROUPED and columns.group is None and columns.query is None:
        yield (
            f"'splitting.strategy' is {options.strategy}, but 'columns.group' names no column. "
            "Next step: name the column whose rows belong together in parameters_task.yml, or, if "
            f"there is none, set 'splitting.strategy' to {_without_groups(options)}."
        )
    if options.strategy in TIMED and columns.time is None:
        other = "stratified_group or group" if columns.group else "stratified or random"
        yield (
            f"'splitting.strategy' is {options.strategy}, but 'columns.time' names no column. Next "
            "step: name the column that holds the moment of prediction in parameters_task.yml, or "
            f"set 'splitting.strategy' to {other}."
        )


def _without_groups(options: SplittingOptions) -> str:
    return "time" if options.strategy in TIMED else "stratified or random"


def _ignored(columns: Columns, options: SplittingOptions) -> Iterator[str]:
    timed = options.strategy in TIMED
    if columns.group is not None and options.strategy not in KEEPS_GROUPS:
        right = "stratified_group or group" if columns.time is None else "group_time"
        yield (
            f"'splitting.strategy' is {options.strategy}, which would put rows of the same group "
            f"on both sides of the split, although 'columns.group' declares '{columns.group}'. "
            f"Next step: set 'splitting.strategy' to {right}; or, if it is "
            "meant, say why in 'splitting.override_reason', and the leakage check will report it."
        )
    if columns.time is not None and not timed:
        right = "time" if columns.group is None else "group_time"
        yield (
            f"'splitting.strategy' is {options.strategy}, which would train on rows later than "
            f"those it tests on, although 'columns.time' declares '{columns.time}'. Next step: set "
            f"'splitting.strategy' to {right}; or, if it is meant, say why in "
            "'splitting.override_reason', and the leakage check will report it."
        )


def _predefined(columns: Columns, options: SplittingOptions) -> Iterator[str]:
    name = options.column
    if name is None:
        yield (
            "'splitting.strategy' is predefined, but 'splitting.column' names no column. Next "
            "step: name the column that holds the words train, validation and test."
        )
    elif name == columns.target:
        yield (
            f"'splitting.column' names the target, '{name}'. Next step: name the column that holds "
            "the words train, validation and test."
        )
    elif columns.features([name]):
        yield (
            f"'splitting.column' names '{name}', which a model would read as a feature. Next step: "
            f"list '{name}' in 'columns.drop' in parameters_task.yml."
        )
