"""A Kedro hook that counts the rows on the way from the raw tables to the dataset."""

from __future__ import annotations

import inspect
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from experiment_cycle.datasets.pinned import PinnedDataset
from experiment_cycle.tracking.row_counts import (
    NodeRows,
    count_rows,
    first_sentence,
    is_table,
    read_steps,
    write_steps,
)

PREPARATION = "data_preparation"
RAW = "raw_data"
ENTRY = "rows_by_node"
"""The catalog entry that names the file; without it nothing is counted."""


class RowCountHook:
    """Count the tables that go into and come out of each preparing node.

    Counted are the nodes tagged `data_preparation` and the one that takes `raw_data` in. A node
    that runs replaces what was counted of it before; that of the others stays, so that stages may
    run alone.
    """

    def __init__(self) -> None:
        self._file: Path | None = None
        self._counted: frozenset[str] = frozenset()
        self._running: dict[str, NodeRows] = {}
        self._lock = Lock()

    @hook_impl(trylast=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Forget what was counted of nodes that will run again or are no more."""
        place: Any = catalog.get(ENTRY) if ENTRY in list(catalog) else None
        self._file = None if place is None else place.load()
        if self._file is None:
            return
        self._counted = _counted(pipelines["__default__"]) | _counted(pipeline)
        # which of them are skipped is known to the runner only
        again = set() if run_params["only_missing_outputs"] else _counted(pipeline)
        before = read_steps(self._file)
        kept = {name: step for name, step in before.items() if name in self._counted - again}
        if kept != before:
            write_steps(kept, self._file)

    @hook_impl
    def before_node_run(self, node: Node, catalog: DataCatalog, inputs: dict[str, Any]) -> None:
        """Count what goes in, before the node can change it."""
        if self._file is None or node.name not in self._counted:
            return
        self._running[node.name] = NodeRows(
            node=node.name,
            reason=first_sentence(_docstring(node.func)),
            reads={
                _read_name(name, catalog): count_rows(inputs[name])
                for name in node.inputs
                if name in inputs and is_table(inputs[name])
            },
            makes={},
        )

    @hook_impl
    def before_dataset_saved(self, dataset_name: str, data: Any, node: Node) -> None:
        """Count what comes out; a generator's pieces add up."""
        step = self._running.get(node.name)
        if step is None or not is_table(data):
            return
        name = _untranscoded(dataset_name)
        rows, before = count_rows(data), step.makes.get(name, 0)
        total = None if rows is None or before is None else before + rows
        self._running[node.name] = step.model_copy(update={"makes": {**step.makes, name: total}})

    @hook_impl
    def after_dataset_saved(self, node: Node) -> None:
        """Write down what was counted of the node."""
        step = self._running.get(node.name)
        if self._file is None or step is None:
            return
        with self._lock:
            write_steps({**read_steps(self._file), node.name: step}, self._file)


def _counted(pipeline: Pipeline) -> frozenset[str]:
    return frozenset(
        node.name
        for node in pipeline.nodes
        if PREPARATION in node.tags or RAW in map(_untranscoded, node.inputs)
    )


def _untranscoded(name: str) -> str:
    return name.split("@", maxsplit=1)[0]


def _read_name(name: str, catalog: DataCatalog) -> str:
    """Name a table; a kept version was made by none of the nodes that make the raw data anew."""
    dataset: Any = catalog.get(name)
    if isinstance(dataset, PinnedDataset):
        return f"{name}, version {dataset._name}"
    return _untranscoded(name)


def _docstring(function: Any) -> str | None:
    # the docstring of a partial is that of the class `partial`
    while isinstance(function, partial):
        function = function.func
    return inspect.getdoc(function)
