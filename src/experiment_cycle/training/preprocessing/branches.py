"""Which steps each column goes through, as the options and the estimator have it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np
from sklearn.impute import MissingIndicator
from sklearn.model_selection import GroupKFold, KFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    OneHotEncoder,
    OrdinalEncoder,
    QuantileTransformer,
    TargetEncoder,
)

from experiment_cycle.problem import ProblemType
from experiment_cycle.training.estimators.contract import Wants
from experiment_cycle.training.features import Features
from experiment_cycle.training.preprocessing.dates import Dates
from experiment_cycle.training.preprocessing.options import (
    CategoricalOptions,
    NumericOptions,
    PreprocessingOptions,
)
from experiment_cycle.training.preprocessing.own import OwnColumn, load_transformer
from experiment_cycle.training.preprocessing.readers import Levels, Numbers
from experiment_cycle.training.preprocessing.scaling import Scaling

INPUTS, CODES = 100, 250
"""Most levels of a category where none are given; HistGradientBoosting takes up to 255 codes."""
FOLDS = 5
QUANTILES = 1000
Own = TypeVar("Own", bound=Hashable)
Steps = list[tuple[str, Any]]
TARGETS: dict[ProblemType, Literal["binary", "multiclass", "continuous"]] = {
    "binary": "binary",
    "multiclass": "multiclass",
    "regression": "continuous",
    "ranking": "continuous",
}


@dataclass(frozen=True)
class Asked:
    """All that decides on the steps, beside the columns.

    Attributes:
        wants: Of the estimator; they fill in for `auto`.
        options: Of the user.
        problem: Tells a target encoding what it is to average.
        rows: How many rows train has.
        groups: How many groups the folds of a target encoding must not divide; 0: rows are free.
        seed: Of the folds of target encodings, and of the sample of quantiles.
    """

    wants: Wants
    options: PreprocessingOptions
    problem: ProblemType
    rows: int
    groups: int
    seed: int


@dataclass(frozen=True)
class Branch:
    """Columns that go through the same steps.

    Attributes:
        name: Of the branch; no other one has it.
        steps: A pipeline, unfitted, that takes whole tables.
        codes: Whether its outputs are codes of categories, which the estimator knows to be such.
    """

    name: str
    steps: Pipeline
    codes: bool = False


def make_branches(features: Features, asked: Asked) -> list[Branch]:
    """Make the unfitted steps for every column a model reads."""
    options = asked.options
    branches: list[Branch] = []
    for numeric, columns in _alike(features.numeric, options.of_numeric):
        branches += _numeric(columns, numeric, asked)
    for categorical, columns in _alike(features.categorical, options.of_categorical):
        branches += _categorical(columns, categorical, asked)
    if features.dates:
        parts = tuple(options.of_date(name).parts for name in features.dates)
        steps = [("read", Dates(features.dates, parts)), *_as_numbers(NumericOptions(), asked)]
        branches.append(Branch("dates", Pipeline(steps)))
    for name in features.own:
        own = options.columns[name]
        key = f"training.preprocessing.columns.{name}"
        transformer = load_transformer(str(own.transformer), own.parameters, key)
        branches.append(Branch("own", Pipeline([("own", OwnColumn((name,), transformer, key))])))
    return _numbered(branches)


def _alike(
    names: Sequence[str], options: Callable[[str], Own]
) -> list[tuple[Own, tuple[str, ...]]]:
    """Gather the columns that have equal options, in the order in which they first appear."""
    found: dict[Own, list[str]] = {}
    for name in names:
        found.setdefault(options(name), []).append(name)
    return [(own, tuple(columns)) for own, columns in found.items()]


def _numbered(branches: list[Branch]) -> list[Branch]:
    return [
        Branch(f"{branch.name}_{number}", branch.steps, branch.codes)
        for number, branch in enumerate(branches, start=1)
    ]


def _numeric(columns: tuple[str, ...], numeric: NumericOptions, asked: Asked) -> list[Branch]:
    steps = [("read", Numbers(columns)), *_as_numbers(numeric, asked)]
    found = [Branch("numeric", Pipeline(steps))]
    if numeric.indicator:
        gaps = MissingIndicator(features="missing-only", sparse=False, error_on_new=False)
        found.append(Branch("missing", Pipeline([("read", Numbers(columns)), ("indicate", gaps)])))
    return found


def _as_numbers(numeric: NumericOptions, asked: Asked) -> Steps:
    """Fill gaps, then scale; in place, for the reader before them made a matrix of its own."""
    impute, scale = numeric.impute, numeric.scale
    if impute == "auto":
        impute = "none" if asked.wants.gaps else "median"
    if scale == "auto":
        scale = "standard" if asked.wants.scaled else "none"
    steps: Steps = []
    if scale == "quantile":
        ranks = QuantileTransformer(
            n_quantiles=min(QUANTILES, asked.rows),
            output_distribution="normal",
            random_state=asked.seed,
            copy=False,
        )
        steps, scale = [("rank", ranks)], "none"
    if (impute, scale) != ("none", "none"):
        steps.insert(0, ("scale", Scaling(impute, scale)))
    return steps


def _categorical(
    columns: tuple[str, ...], options: CategoricalOptions, asked: Asked
) -> list[Branch]:
    wants, encode = asked.wants, options.encode
    if encode == "auto":
        encode = "ordinal" if wants.codes else "one_hot"
    steps: Steps = [("read", Levels(columns))]
    if encode == "target":
        steps += [("encode", _target_encoder(asked)), *_as_numbers(NumericOptions(), asked)]
        return [Branch("target", Pipeline(steps))]
    # no level has fewer rows than one
    least = options.min_rows if options.min_rows > 1 else None
    if encode == "one_hot":
        # one by one: the encoder needs several times the memory of what it returns
        return [_one_hot(column, options.max_levels or INPUTS, least, wants) for column in columns]
    unknown = np.nan if wants.codes and wants.gaps else -1
    codes = OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=unknown,
        encoded_missing_value=unknown,
        max_categories=options.max_levels or CODES,
        min_frequency=least,
    )
    scaled = [] if wants.codes else _as_numbers(NumericOptions(), asked)
    return [Branch("codes", Pipeline([*steps, ("encode", codes), *scaled]), codes=wants.codes)]


def _one_hot(column: str, most: int, least: int | None, wants: Wants) -> Branch:
    levels = OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        min_frequency=least,
        max_categories=most,
        sparse_output=not wants.codes,
        dtype=np.uint8,
    )
    return Branch("one_hot", Pipeline([("read", Levels((column,))), ("encode", levels)]))


def _target_encoder(asked: Asked) -> TargetEncoder:
    """Encode levels by the target's mean; train crosswise, so that no row sees its own target."""
    draw: dict[str, Any] = {
        "n_splits": min(FOLDS, asked.groups or asked.rows),
        "shuffle": True,
        "random_state": asked.seed,
    }
    folds = GroupKFold(**draw) if asked.groups else KFold(**draw)
    return TargetEncoder(target_type=TARGETS[asked.problem], cv=folds)
