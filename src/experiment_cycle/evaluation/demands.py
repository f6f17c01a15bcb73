"""What the options of the evaluation demand of the data, checked before anything is trained."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.evaluation.errors.behaviour import refuse_unknown
from experiment_cycle.evaluation.errors.behaviour_changes import changed_rows
from experiment_cycle.evaluation.errors.declared import declared_slices, warn_of_unknown
from experiment_cycle.evaluation.errors.slices import slice_columns
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.evaluation.what_if.counterfactuals import immutable_columns
from experiment_cycle.problem import Problem

FEW = 1000
"""Rows on which changes are tried."""


def named_columns(options: EvaluationOptions, available: Sequence[str]) -> list[str]:
    """Name the columns of the data whose values the options speak of, in their order."""
    named = {column for demands in options.slices.declared.values() for column in demands}
    named |= {column for test in options.behaviour for column in test.change}
    return [name for name in available if name in named]


def check_demands(
    options: EvaluationOptions,
    available: Sequence[str],
    rows: pd.DataFrame,
    problem: Problem,
    columns: Columns,
) -> None:
    """Refuse what the evaluation would refuse at its end, after the training.

    Args:
        options: What is asked.
        available: All columns of the data.
        rows: The columns of `named_columns`, all rows.
        problem: What is predicted.
        columns: The roles of the columns.

    Raises:
        ConfigurationError: a column, or a class, is named that is not there, or cannot play its
            part.
        DataError: a change makes no sense of a column's values.
    """
    slice_columns(list(available), columns, options)
    warn_of_unknown(declared_slices(rows, columns.target, options.slices.declared, available))
    immutable_columns(available, columns, options.what_if)
    refuse_unknown(options, columns.features(available), problem)
    for test in options.behaviour:
        changed_rows(rows.head(FEW), test)
