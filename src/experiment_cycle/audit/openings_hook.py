"""A Kedro hook that records who opened the test set, and when the choices were made."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline.node import Node

from experiment_cycle.audit.openings import Event, append_event
from experiment_cycle.sealed import SEALED
from experiment_cycle.tracking.cycle import Cycle
from experiment_cycle.training.identity import state_hash

ENTRY = "test_openings"
"""The catalog entry that names the file; without it nothing is recorded."""
CHOICES = frozenset({"best_hyperparameters"})
"""What has to be fixed before the test set is opened."""


class OpeningsHook:
    """Append a line whenever `test` is loaded, or a choice is saved.

    Args:
        cycle_file: Where the state of the cycle lies, in the project's folder.
    """

    def __init__(self, cycle_file: Path) -> None:
        self._cycle_file = cycle_file
        self._file: Path | None = None
        self._cycle: Cycle | None = None
        self._lock = Lock()

    @hook_impl
    def after_context_created(self, context: Any) -> None:
        """Find the state of the cycle."""
        self._cycle = Cycle(context.project_path / self._cycle_file)

    @hook_impl(trylast=True)
    def before_pipeline_run(self, catalog: DataCatalog) -> None:
        """Find the file."""
        place: Any = catalog.get(ENTRY) if ENTRY in list(catalog) else None
        self._file = None if place is None else place.load()

    @hook_impl
    def after_dataset_loaded(self, dataset_name: str, node: Node) -> None:
        """Record an opening."""
        if _plain(dataset_name) == SEALED:
            self._append("opened", dataset_name, node, None)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any, node: Node) -> None:
        """Record what was fixed, by the hash of its content."""
        if _plain(dataset_name) in CHOICES:
            self._append("fixed", dataset_name, node, state_hash(data))

    def _append(self, what: Any, dataset: str, node: Node, content: str | None) -> None:
        if self._file is None or self._cycle is None:
            return
        state = self._cycle.load()
        event = Event(
            cycle="" if state is None else state.run_id,
            what=what,
            dataset=_plain(dataset),
            node=node.name,
            tags=tuple(sorted(node.tags)),
            hash=content,
        )
        with self._lock:
            append_event(self._file, event)


def _plain(dataset: str) -> str:
    return dataset.split("@", maxsplit=1)[0]
