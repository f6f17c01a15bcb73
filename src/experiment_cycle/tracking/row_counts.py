"""How many rows each step from the raw tables to the dataset kept, and why any were lost."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from pydantic import ValidationError

from experiment_cycle.options import Record
from experiment_cycle.replacing import replacing
from experiment_cycle.snapshot import Snapshot

DATASET = "dataset"
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9`'\"])")
STORED = "TABLE_RELATION"
"""The one kind of DuckDB relation whose rows are counted already: a table of a database."""


class NodeRows(Record):
    """One node that ran: the rows of every table it read and of every one it made."""

    node: str
    reason: str
    """What the node does, which is why rows were lost: the first sentence of its docstring."""
    reads: dict[str, int | None]
    """In the order of the node's inputs; None where counting would have meant computing."""
    makes: dict[str, int | None]


class RowCounts(Record):
    """Every step that led to the dataset, each after those it builds on."""

    steps: tuple[NodeRows, ...]
    dataset: int


def is_table(data: Any) -> bool:
    """Tell whether data are a table, or several: lazy or not, of one library or another."""
    if isinstance(data, Mapping):  # the files of a partitioned dataset, read or yet to be read
        return bool(data) and all(callable(part) or is_table(part) for part in data.values())
    if type(data).__name__ == "Series":  # one column, which Arrow could read as well
        return False
    return isinstance(data, pd.DataFrame | Snapshot) or any(
        hasattr(data, name) for name in ("__arrow_c_stream__", "collect_schema")
    )


def count_rows(table: Any) -> int | None:
    """Count the rows of a table that holds them; None for a lazy one, which is left alone.

    Nothing is computed and no stream is read. Known are pandas and Polars frames, Arrow tables,
    snapshots, tables of a DuckDB database, and mappings of these.
    """
    if isinstance(table, Mapping):
        parts = [count_rows(part) for part in table.values()]
        known = [rows for rows in parts if rows is not None]
        return sum(known) if len(known) == len(parts) else None
    if isinstance(table, Snapshot):
        return table.rows
    if isinstance(table, pa.Table | pa.RecordBatch):
        return int(table.num_rows)
    is_eager = isinstance(table, pd.DataFrame) or _is_polars_frame(table)
    return len(table) if is_eager or _is_stored(table) else None


def first_sentence(text: str | None) -> str:
    """Give the first sentence of a docstring on one line; empty where there is none."""
    paragraph = " ".join((text or "").strip().split("\n\n", maxsplit=1)[0].split())
    return SENTENCE.split(paragraph, maxsplit=1)[0]


def read_steps(file: Path) -> dict[str, NodeRows]:
    """Read what was counted, by node; nothing where the file is missing or of another form."""
    try:
        return {name: NodeRows(**step) for name, step in json.loads(file.read_text()).items()}
    except (FileNotFoundError, ValueError, ValidationError, AttributeError, TypeError):
        return {}


def write_steps(steps: Mapping[str, NodeRows], file: Path) -> None:
    """Write what was counted, by node; the file appears at once and whole."""
    content = {name: step.model_dump(mode="json") for name, step in steps.items()}
    with replacing(file) as unfinished:
        unfinished.write_text(json.dumps(content, indent=2))


def trace_rows(dataset: Snapshot, file: Path) -> RowCounts:
    """Put the steps that led to the dataset in order.

    A table whose rows were not known when it was made gets those that a later step saw in it.

    Args:
        dataset: The snapshot that the steps ended in.
        file: Where the steps were counted; see `read_steps`.
    """
    steps = _leading_to(DATASET, read_steps(file).values())
    known = {name: rows for step in steps for name, rows in _tables(step) if rows is not None}
    known[DATASET] = dataset.rows
    return RowCounts(
        steps=tuple(
            step.model_copy(
                update={"reads": _filled(step.reads, known), "makes": _filled(step.makes, known)}
            )
            for step in steps
        ),
        dataset=dataset.rows,
    )


def _leading_to(table: str, steps: Iterable[NodeRows]) -> list[NodeRows]:
    makers = {made: step for step in steps for made in step.makes}
    ordered: dict[str, NodeRows] = {}

    def follow(name: str) -> None:
        step = makers.get(name)
        if step is None or step.node in ordered:
            return
        for read in step.reads:
            follow(read)
        ordered[step.node] = step

    follow(table)
    return list(ordered.values())


def _tables(step: NodeRows) -> Iterable[tuple[str, int | None]]:
    return [*step.makes.items(), *step.reads.items()]


def _filled(tables: dict[str, int | None], known: dict[str, int]) -> dict[str, int | None]:
    return {name: known.get(name) if rows is None else rows for name, rows in tables.items()}


def _is_polars_frame(table: Any) -> bool:
    kind = type(table)
    return kind.__module__.startswith("polars.") and kind.__name__ == "DataFrame"


def _is_stored(table: Any) -> bool:
    return type(table).__name__ == "DuckDBPyRelation" and table.type == STORED
