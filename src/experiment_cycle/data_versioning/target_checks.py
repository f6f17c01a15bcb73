"""Whether the target column can be predicted as the task has it."""

from __future__ import annotations

import pyarrow as pa

from experiment_cycle.columns import Columns
from experiment_cycle.data_versioning.staged_table import SHOWN, StagedTable
from experiment_cycle.errors import ConfigurationError, DataError
from experiment_cycle.problem import GREATEST, MOST_CLASSES, MOST_RELEVANT, TWO, Task
from experiment_cycle.snapshot import quoted

FILE = "conf/base/parameters_task.yml"
NAMES = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_null,
)
"""Types of columns that hold names of classes, besides numbers, true and false."""


def check_target(table: StagedTable, columns: Columns, task: Task) -> None:
    """Check that the target can be predicted.

    Classification: 2 to `MOST_CLASSES` levels, or more where `columns.positive` names one of them.
    Regression: finite numbers that differ. Ranking: whole numbers from 0 to `MOST_RELEVANT`, and at
    least two queries in which one is above 0.

    Raises:
        DataError: it cannot; or a value is missing.
        ConfigurationError: the task is ranking, and no query column is declared.
    """
    where = f"The target column '{columns.target}' ('columns.target' in {FILE})"
    kind = table.kind(columns.target)
    number = table.is_number(columns.target)
    if task == "classification" and not (number or any(test(kind) for test in NAMES)):
        raise DataError(
            f"{where} holds {kind}. Allowed: text, whole numbers, floats, and true or false. Next "
            "step: name another column, or convert it before the data get here."
        )
    if task != "classification" and not number:
        raise DataError(
            f"{where} holds {kind}, but the task {task} predicts a number. Next step: set 'task' "
            "to classification, name another column, or convert it before the data get here."
        )
    missing = table.missing_told(columns.target)
    if missing:
        raise DataError(
            f"{where} has {missing} Next step: leave these rows out, "
            "or fill in what is known, before the data get here."
        )
    if task == "classification":
        _check_classes(table, columns, where)
    elif task == "regression":
        _check_numbers(table, columns, where)
    else:
        _check_relevance(table, columns, where)


def _check_classes(table: StagedTable, columns: Columns, where: str) -> None:
    value = quoted(columns.target)
    # by position: a column may have the name of an alias
    counts = table.rows(
        f"SELECT {value}, count(*), count(*) OVER () FROM dataset GROUP BY 1 "
        f"ORDER BY 2 DESC, CAST({value} AS VARCHAR) LIMIT {MOST_CLASSES + 1}"
    )
    found = counts[0][2]
    shown = ", ".join(f"{level!r} ({count:,} rows)" for level, count, _ in counts[:SHOWN])
    shown += ", ..." if found > SHOWN else ""
    if found < TWO:
        raise DataError(
            f"{where} has 1 level: {shown}. There is nothing to tell apart. Next step: name a "
            "column with two levels or more."
        )
    if columns.positive is None and found > MOST_CLASSES:
        raise DataError(
            f"{where} has {found:,} levels: {shown}. Up to {MOST_CLASSES} classes can be told "
            "apart. Next step: set 'task' to regression if it is a number, name the one level to "
            "be told from all others in 'columns.positive', or join levels before the data get "
            "here."
        )
    if columns.positive is not None and not _is_level(table, columns, [row[0] for row in counts]):
        raise DataError(
            f"'columns.positive' in {FILE} is {columns.positive!r}, which is not a level of the "
            f"target column '{columns.target}'. Its levels: {shown}. Next step: write one of "
            "them, in quotes if it is text, or null for the greater of two."
        )


def _is_level(table: StagedTable, columns: Columns, frequent: list[object]) -> bool:
    """Tell whether the positive level is one of the target's; as Python compares, 1 is True."""
    if columns.positive in frequent or len(frequent) <= MOST_CLASSES:
        return columns.positive in frequent
    levels = table.rows(f"SELECT DISTINCT {quoted(columns.target)} FROM dataset")
    return any(level == columns.positive for (level,) in levels)


def _check_numbers(table: StagedTable, columns: Columns, where: str) -> None:
    value = f"CAST({quoted(columns.target)} AS DOUBLE)"
    wrong = table.first_told(f"NOT (abs({value}) <= {GREATEST!r})")
    if wrong:
        raise DataError(
            f"{where} is infinite, or beyond {GREATEST:.1e}, in {wrong}. Next step: mend these "
            "rows, or leave them out, before the data get here."
        )
    _refuse_constant(table, value, where)


def _check_relevance(table: StagedTable, columns: Columns, where: str) -> None:
    if columns.query is None:
        raise ConfigurationError(
            f"The task ranking ranks rows within a query, and 'columns.query' in {FILE} names no "
            "column. Next step: name the column that holds the query."
        )
    value = f"CAST({quoted(columns.target)} AS DOUBLE)"
    wrong = table.first_told(
        f"NOT ({value} >= 0 AND {value} <= {MOST_RELEVANT} AND {value} = floor({value}))"
    )
    if wrong:
        raise DataError(
            f"{where} is no relevance in {wrong}. A relevance is a whole number from 0 (not "
            f"relevant) to {MOST_RELEVANT}. Next step: mend these rows, or leave them out, before "
            "the data get here."
        )
    _refuse_constant(table, value, where)
    relevant = table.rows(
        f"SELECT count(DISTINCT {quoted(columns.query)}) FROM dataset WHERE {value} > 0"
    )[0][0]
    if relevant < TWO:
        raise DataError(
            f"{where} is above 0 in {relevant} quer{'y' if relevant == 1 else 'ies'}. A ranking is "
            "learned and tested from queries with a relevant row, at least one each. Next step: "
            "check 'columns.query', or get more queries."
        )


def _refuse_constant(table: StagedTable, value: str, where: str) -> None:
    least, greatest = table.rows(f"SELECT min({value}), max({value}) FROM dataset")[0]
    if least == greatest:
        raise DataError(
            f"{where} is {least:g} in every row, so that there is nothing to learn. Next step: "
            "name another column."
        )
