"""From the tables of train and validation to what an estimator is fitted on."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from sklearn.pipeline import Pipeline

from experiment_cycle.columns import Columns
from experiment_cycle.errors import ConfigurationError, DataError
from experiment_cycle.problem import Problem, Task
from experiment_cycle.training.estimators.contract import Wants
from experiment_cycle.training.features import Features, refuse_infinite, usable_features
from experiment_cycle.training.prepared import Prepared, Queries
from experiment_cycle.training.preprocessing.branches import Asked, make_branches
from experiment_cycle.training.preprocessing.options import PreprocessingOptions
from experiment_cycle.training.preprocessing.own import OwnTable, load_transformer
from experiment_cycle.training.preprocessing.preprocessor import Preprocessor
from experiment_cycle.training.weights import ClassWeight, row_weights

logger = logging.getLogger(__name__)

Targets = npt.NDArray[Any]
SHOWN = 6


def prepare_data(
    wants: Wants,
    train: pd.DataFrame,
    validation: pd.DataFrame,
    columns: Columns,
    options: PreprocessingOptions,
    task: Task,
    class_weight: ClassWeight = None,
    seed: int = 0,
) -> Prepared:
    """Fit the preprocessing on the training rows, and pass both tables through it.

    Args:
        wants: How the estimator wants its inputs. The matrices are dense where it wants codes;
            else they may be sparse (CSR).
        train: Training rows, as cut from the dataset.
        validation: Validation rows, same columns.
        columns: The roles of the columns.
        options: How columns are made into numbers.
        task: Classification, regression or ranking.
        class_weight: See `row_weights`.
        seed: Of the folds of target encodings and the sample of quantiles.

    Raises:
        DataError: the target cannot be learned, a part has one class only, a feature is infinite
            or too great, or no feature is left.
        ConfigurationError: options do not fit the columns, or leave gaps an estimator cannot read.
    """
    problem = Problem.of(task, train[columns.target], columns)
    train_target = problem.encode(train[columns.target], "train")
    validation_target = problem.encode(validation[columns.target], "validation")
    _check_classes(validation_target, problem, columns)
    weight = row_weights(train, train_target, columns, problem, class_weight)
    asked = _asked(wants, train, columns, options, problem, seed)
    groups = columns.groups(train) if asked.groups else None
    features, preprocess, codes, matrix = _fit(
        train, validation, columns, train_target, asked, groups
    )
    prepared = Prepared(
        problem=problem,
        features=features,
        preprocess=preprocess,
        categorical=codes,
        train=matrix,
        train_target=train_target,
        validation=preprocess.transform(validation),
        validation_target=validation_target,
        train_weight=weight,
    )
    for part, inputs in (("train", prepared.train), ("validation", prepared.validation)):
        _refuse_unreadable(inputs, part, preprocess, wants)
    return _by_query(prepared, train, validation, columns) if task == "ranking" else prepared


def transform_rows(prepared: Prepared, frame: pd.DataFrame) -> Any:
    """Make the matrix of other rows, shape (n, inputs), in their own order.

    Raises:
        DataError: a column is missing, or holds what no model reads.
    """
    return prepared.preprocess.transform(frame)


def _asked(
    wants: Wants,
    train: pd.DataFrame,
    columns: Columns,
    options: PreprocessingOptions,
    problem: Problem,
    seed: int,
) -> Asked:
    unit = columns.group or columns.query
    groups = 0 if unit is None else train[unit].nunique(dropna=False)
    # a single group cannot be held together and divided into folds
    free = groups == 1
    return Asked(wants, options, problem.type, len(train), 0 if free else groups, seed)


def _fit(
    train: pd.DataFrame,
    validation: pd.DataFrame,
    columns: Columns,
    target: Targets,
    asked: Asked,
    groups: npt.NDArray[np.int64] | None,
) -> tuple[Features, Any, tuple[int, ...], Any]:
    """Fit the preprocessing: features, transformer, positions of codes, matrix of train."""
    own = _own_table(train, columns, asked.options)
    if own is not None:
        train, validation = own.fit_transform(train, target), own.transform(validation)
    features = usable_features(train, columns, asked.options)
    for part, frame in (("train", train), ("validation", validation)):
        refuse_infinite(frame, features, part)
    branches = make_branches(features, asked)
    preprocess = Preprocessor(
        columns=tuple(features.names),
        branches=[(branch.name, branch.steps) for branch in branches],
        dense=asked.wants.codes,
    )
    matrix = preprocess.fit_transform(train, target, groups)
    codes = tuple(
        position
        for branch in branches
        if branch.codes
        for position in range(*preprocess.spans_[branch.name])
    )
    if own is None:
        return features, preprocess, codes, matrix
    return features, Pipeline([("own", own), ("columns", preprocess)]), codes, matrix


def _own_table(
    train: pd.DataFrame, columns: Columns, options: PreprocessingOptions
) -> OwnTable | None:
    if options.transformer is None:
        return None
    key = "training.preprocessing"
    transformer = load_transformer(options.transformer, options.parameters, key)
    return OwnTable(tuple(columns.features(train.columns)), transformer, key)


def _check_classes(target: Targets, problem: Problem, columns: Columns) -> None:
    """Refuse a validation set of one class; warn of classes that it lacks."""
    if not problem.classes:
        return
    present = np.bincount(target, minlength=len(problem.classes)) > 0
    if present.sum() == 1:
        only = problem.names[int(present.argmax())]
        raise DataError(
            f"Target '{columns.target}' has one class only in validation: '{only}' in all "
            f"{len(target)} rows. Next step: check columns.positive, and split again with a "
            "strategy that is stratified."
        )
    lacking = [name for name, there in zip(problem.names, present, strict=True) if not there]
    if lacking:
        logger.warning(
            "No row of validation has the class %s of '%s': metrics there say nothing of it. A "
            "strategy that is stratified (splitting.strategy) gives every part rows of each class.",
            ", ".join(f"'{name}'" for name in lacking[:SHOWN]),
            columns.target,
        )


def _refuse_unreadable(inputs: Any, part: str, preprocess: Any, wants: Wants) -> None:
    """Refuse what the estimator would stumble on: infinite values, and gaps it cannot read."""
    is_sparse = bool(sparse.issparse(inputs))
    values = inputs.data if is_sparse else inputs
    # a sum is quicker than a look at every value, and finite where all of them are
    with np.errstate(over="ignore", invalid="ignore"):
        total = values.sum()
    if np.isfinite(total):
        return
    by_column = inputs.tocsc() if is_sparse else inputs
    for position, name in enumerate(preprocess.get_feature_names_out()):
        column = by_column[:, position].data if is_sparse else by_column[:, position]
        if np.isinf(column).any():
            raise DataError(
                f"The input '{name}' is infinite in {part} once it is preprocessed. Next step: "
                "look for extreme values in the raw data, or at the transformer that makes it."
            )
        if np.isnan(column).any() and not wants.gaps:
            raise ConfigurationError(
                f"The input '{name}' has missing values in {part} once it is preprocessed, which "
                "the estimator does not read. Next step: set training.preprocessing.numeric.impute "
                "to auto, or to median or another value that fills them."
            )


def _by_query(
    prepared: Prepared, train: pd.DataFrame, validation: pd.DataFrame, columns: Columns
) -> Prepared:
    """Sort both parts by query, in the order in which queries appear."""
    if columns.query is None:
        raise ConfigurationError(
            "The task ranking ranks rows within a query, and columns.query names none. Next step: "
            "name the column that holds the query in parameters_task.yml."
        )
    first, train_query = _sorted_queries(train[columns.query])
    second, validation_query = _sorted_queries(validation[columns.query])
    weight = prepared.train_weight
    return replace(
        prepared,
        train=prepared.train[first],
        train_target=prepared.train_target[first],
        validation=prepared.validation[second],
        validation_target=prepared.validation_target[second],
        train_weight=None if weight is None else weight[first],
        train_query=train_query,
        validation_query=validation_query,
    )


def _sorted_queries(query: pd.Series) -> tuple[slice | npt.NDArray[np.intp], Queries]:
    """Find the order that sorts rows by query (stable), and the sorted numbers of the queries."""
    codes = pd.factorize(query, use_na_sentinel=False)[0].astype(np.int64)
    if (np.diff(codes) >= 0).all():
        return slice(None), codes
    order = np.argsort(codes, kind="stable")
    return order, codes[order]
