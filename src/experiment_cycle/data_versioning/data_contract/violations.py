"""Where a table breaks the rules of its data contract: one pass over the rows, out of core."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds

from experiment_cycle.data_versioning.data_contract.kept_values import kept_values
from experiment_cycle.data_versioning.data_contract.rules import (
    NUMBERS,
    ColumnRules,
    TableRules,
    kind_of,
)
from experiment_cycle.datasets.tables import column_names, opened, stream
from experiment_cycle.errors import BackendError, DataError
from experiment_cycle.snapshot import Snapshot

SHOWN = 5
BLOCK_ROWS = 131_072
BLOCK_CELLS = 8_000_000
"""A block of rows is held in memory while it is checked: of a wide table it has fewer rows."""
NO_GAPS = "no missing values"
TWICE = "no value twice"
YET_NUMBERS = ", each of which reads as a number"
NOTHING = "null"


@dataclass(frozen=True)
class Violation:
    """A rule that a column breaks."""

    column: str
    rule: str
    rows: int = 0
    """How many rows break it; 0 where it is the column itself."""
    first: tuple[tuple[int, Any], ...] = ()
    """The first of them, at most `SHOWN`: position (counted from 0) and value."""

    def and_then(self, later: Violation) -> Violation:
        """Add the rows that break the same rule further down."""
        first = (*self.first, *later.first)[:SHOWN]
        return replace(self, rows=self.rows + later.rows, first=first)


def find_violations(table: Any, rules: TableRules) -> list[Violation]:
    """Find every rule that a table breaks, and the first rows that break it.

    Pandera judges the rules within a row, block by block; DuckDB finds the values that occur twice.

    Args:
        table: Any table that the door takes, or a snapshot.
        rules: What the table must fulfil.

    Returns:
        One violation for each column and rule, in the order of the contract; columns that are not
        in the contract come last. Empty if there are none.

    Raises:
        DataError: this is no table, or a column name occurs twice.
        BackendError: pandera is not installed.
    """
    table = ds.dataset(table.path) if isinstance(table, Snapshot) else opened(table)
    names = _names(table)
    reader = stream(table)
    present = {name: rule for name, rule in rules.columns.items() if name in names}
    kinds = {name: kind_of(reader.schema.field(name).type) for name in present}
    schema = _pandera_schema(present, kinds)
    found: dict[tuple[str, str], Violation] = {}
    start = 0
    with kept_values([name for name, rule in present.items() if rule.unique]) as kept:
        for block in _blocks(reader, len(names)):
            for each in _judge(schema, block, start):
                earlier = found.get((each.column, each.rule), Violation(each.column, each.rule))
                found[each.column, each.rule] = earlier.and_then(each)
            kept.add(block, start)
            start += block.num_rows
        violations = list(_most_telling(found))
        for name in kept.columns:
            rows, first = kept.repeated(name, SHOWN)
            if rows:
                violations.append(Violation(name, TWICE, rows, first))
    violations += _of_the_header(names, rules)
    places = {name: place for place, name in enumerate(rules.columns)}
    return sorted(violations, key=lambda each: places.get(each.column, len(places)))


def _names(table: Any) -> list[str]:
    names = column_names(table)
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(
            f"The data have more than one column named '{twice[0]}'. Next step: rename all but one "
            "of them."
        )
    return names


def _most_telling(found: dict[tuple[str, str], Violation]) -> Iterator[Violation]:
    """Leave out all rows of a column of text where some tell why it is not one of numbers."""
    for (name, rule), violation in found.items():
        plain = rule.removesuffix(YET_NUMBERS)
        if plain == rule or (name, plain) not in found:
            yield violation


def _of_the_header(names: list[str], rules: TableRules) -> Iterator[Violation]:
    for name, rule in rules.columns.items():
        if rule.required and name not in names:
            yield Violation(name, "the column is missing")
    if rules.strict:
        for name in names:
            if name not in rules.columns:
                yield Violation(name, "no such column is in the contract, which is strict")


def _blocks(reader: pa.RecordBatchReader, columns: int) -> Iterator[pa.Table]:
    """Cut and join the batches of a stream to blocks that are worth a call and fit into memory."""
    rows = max(1_024, min(BLOCK_ROWS, BLOCK_CELLS // max(1, columns)))
    waiting: list[pa.RecordBatch] = []
    count = 0
    for batch in reader:
        for start in range(0, batch.num_rows, rows):
            part = batch.slice(start, rows)
            if count + part.num_rows > rows:
                yield pa.Table.from_batches(waiting)
                waiting, count = [], 0
            waiting.append(part)
            count += part.num_rows
    if waiting:
        yield pa.Table.from_batches(waiting)


def _judge(schema: Any, block: pa.Table, start: int) -> Iterator[Violation]:
    """Have pandera judge one block of rows, the first of which has the position `start`."""
    if not schema.columns:
        return
    pandera = import_pandera()
    plain = _plain(block.select(list(schema.columns)))
    frame = plain.to_pandas(types_mapper=pd.ArrowDtype, ignore_metadata=True)
    # pandera's own switches, variables of the environment, would let everything pass unseen
    everything = pandera.config.ValidationDepth.SCHEMA_AND_DATA
    try:
        with pandera.config.config_context(validation_enabled=True, validation_depth=everything):
            schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        for failure in error.schema_errors:
            rows = np.sort(failure.failure_cases["index"].to_numpy(dtype=np.int64))
            first = rows[:SHOWN]
            values = block.column(failure.schema.name).take(pa.array(first)).to_pylist()
            yield Violation(
                column=failure.schema.name,
                rule=getattr(failure.check, "error", NO_GAPS),
                rows=len(rows),
                first=tuple(zip((first + start).tolist(), values, strict=True)),
            )


def _plain(table: pa.Table) -> pa.Table:
    """Decode categories, and compute with decimal numbers as with floats."""
    for place, field in enumerate(table.schema):
        column, kind = table.column(place), field.type
        if pa.types.is_dictionary(kind):
            column = column.cast(kind.value_type)
        if pa.types.is_decimal(column.type):
            column = column.cast(pa.float64())
        table = table.set_column(place, field.name, column)
    return table


def import_pandera() -> Any:
    """Import pandera, which only those need who have a contract.

    Raises:
        BackendError: it is not installed.
    """
    try:
        import pandera.config  # noqa: PLC0415
        import pandera.errors  # noqa: PLC0415
        import pandera.pandas  # noqa: PLC0415
    except ImportError as error:
        raise BackendError(
            f"A data contract is checked with the package '{error.name}', which is not installed. "
            'Next step: pip install "experiment-cycle[contracts]", or take the key `validator` out '
            "of the catalog entry."
        ) from error
    return pandera


def _pandera_schema(rules: dict[str, ColumnRules], kinds: dict[str, str]) -> Any:
    """Put the rules within a row into a pandera schema; columns without any are left out."""
    pandera = import_pandera().pandas
    checks = {name: _checks(pandera.Check, rule, kinds[name]) for name, rule in rules.items()}
    return pandera.DataFrameSchema(
        {
            name: pandera.Column(checks=checks[name], nullable=rule.nullable)
            for name, rule in rules.items()
            if checks[name] or not rule.nullable
        }
    )


def _checks(check: Any, rule: ColumnRules, kind: str) -> list[Any]:
    """Make the checks of one column; `error` is what a violation of it is called."""
    made = []
    called = f"type {rule.type} (the column holds {kind})"
    if rule.type not in {None, kind} and kind != NOTHING:
        if rule.type == "integer" and kind == "float":
            made.append(check(_whole, error=called))
        elif not {rule.type, kind} <= NUMBERS:
            made.append(check(_never, error=called))
        if rule.type in NUMBERS and kind == "text":
            made = [check(_readable, error=called), check(_never, error=called + YET_NUMBERS)]
    if kind == rule.type or {rule.type, kind} <= NUMBERS:
        if rule.min is not None:
            made.append(check.ge(rule.min, error=f"at least {rule.min}"))
        if rule.max is not None:
            made.append(check.le(rule.max, error=f"at most {rule.max}"))
        if rule.allowed is not None:
            listed = ", ".join(f"{value!r}" for value in rule.allowed)
            made.append(check.isin(list(rule.allowed), error=f"one of {listed}"))
    return made


def _whole(values: pd.Series) -> pd.Series:
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return pd.Series(np.isfinite(numbers) & (np.floor(numbers) == numbers), index=values.index)


def _readable(values: pd.Series) -> pd.Series:
    return pd.to_numeric(values.astype(object), errors="coerce").notna()


def _never(values: pd.Series) -> pd.Series:
    return pd.Series(data=False, index=values.index)
