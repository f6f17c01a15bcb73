"""Run the project's pipelines again, up to training, away from its artifacts. Knows Kedro."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
from kedro.framework.hooks import hook_impl
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import AbstractDataset, DataCatalog, MemoryDataset
from kedro.pipeline.node import Node
from kedro.runner import SequentialRunner

from experiment_cycle.audit.fingerprints import fingerprint_parts
from experiment_cycle.audit.frames import as_frame
from experiment_cycle.audit.perturbation import Artifact
from experiment_cycle.audit.route import ASSIGNMENT, DATASET, TRAIN, Route, is_data, plain_name
from experiment_cycle.audit.scratch import is_path_dataset, redirect, scratch_folder
from experiment_cycle.audit.tracing import Cut
from experiment_cycle.errors import ConfigurationError
from experiment_cycle.sealed import SEALED
from experiment_cycle.snapshot import Snapshot

MODELS = ("challenger", "baseline")
KEPT = (SEALED, TRAIN, *MODELS)


@dataclass(eq=False)
class Rerun:
    """What came of one rerun."""

    made: dict[str, Artifact] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)
    table: pd.DataFrame | None = None
    """The table that was split, as it was now."""


@dataclass(frozen=True, eq=False)
class Harness:
    """Runs a route again and again, each time in a folder of its own.

    Attributes:
        folder: The project's folder.
        catalog: The project's catalog, with its typed parameters; nothing is saved to it.
        route: What to run.
        assignment: The part of each row, as stored.
        unsaved: Datasets that are kept in memory, whatever the catalog says.
    """

    folder: Path
    catalog: DataCatalog
    route: Route
    assignment: pd.DataFrame
    unsaved: frozenset[str] = frozenset()

    def tables(self) -> dict[str, Any]:
        """Load the tables that the route begins with; what is no table is left out."""
        found = {}
        for name in self.route.sources:
            if is_path_dataset(self._entry(name)):
                continue
            value = self._source(name).load()
            if as_frame(value) is not None:
                found[name] = value
        return found

    def cut_table(self) -> pd.DataFrame:
        """Read, or make, the table that is split.

        Raises:
            ConfigurationError: it is no table that can be read twice.
        """
        route = self.route
        if route.table in route.sources:
            frame = as_frame(self._source(route.table).load())
        else:
            before = Route(
                route.pipeline.to_nodes(route.cut.name), route.sources, route.cut, route.table
            )
            frame = Harness(self.folder, self.catalog, before, self.assignment).run().table
        if frame is None:
            raise ConfigurationError(
                f"'{route.table}', the table that is split, cannot be read as a frame. Allowed: a "
                "snapshot, a pandas or Polars frame, a PyArrow table. Next step: let the node "
                "before the split return one of these."
            )
        return frame

    def as_far_as_models(self) -> Harness:
        """Leave out the nodes that do not lead to the models, and do not write the models."""
        route = self.route.leading_to(KEPT)
        return replace(self, route=route, unsaved=route.results)

    def run(
        self,
        given: Mapping[str, Any] | None = None,
        parameters: Mapping[str, Any] | None = None,
        cut: Cut | None = None,
        *,
        hash_parts: bool = True,
        watch: Callable[[Callable[[], str]], Any] | None = None,
    ) -> Rerun:
        """Run the route once.

        Args:
            given: Tables that take the place of others, by name.
            parameters: Parameters that take the place of others, such as `params:tuning`.
            cut: How the table was split before anything was changed; None: this is the first run.
            hash_parts: Whether to hash what is made.
            watch: Makes a context manager to run in; it is given the name of the present node.

        Raises:
            Exception: whatever a node raises.
        """
        listener = _Listener(self.route, cut, self.assignment, hash_parts=hash_parts)
        manager = _create_hook_manager()
        manager.register(listener)
        with scratch_folder(self.folder) as scratch:
            catalog = self._catalog(scratch, given or {}, parameters or {})
            runner = SequentialRunner()
            if watch is None:
                runner.run(self.route.pipeline, catalog, manager)
            else:
                with watch(lambda: listener.node):
                    runner.run(self.route.pipeline, catalog, manager)
        return listener.rerun

    def _catalog(
        self, scratch: Path, given: Mapping[str, Any], parameters: Mapping[str, Any]
    ) -> DataCatalog:
        made = self.route.pipeline.all_outputs()
        entries: dict[str, dict[str, Any]] = {}
        ready: dict[str, Any] = {ASSIGNMENT: MemoryDataset(self.assignment)}
        for name in sorted(self.route.pipeline.datasets()):
            if name in ready:
                continue
            if name in given:
                ready[name] = MemoryDataset(_as_source(name, given[name], scratch))
            elif not is_data(name):
                ready[name] = _parameter(self.catalog, name, parameters)
            elif name in self.unsaved:
                ready[name] = MemoryDataset(copy_mode="assign")
            elif name in made or is_path_dataset(self._entry(name)):
                moved = redirect(self._entry(name), self.folder, scratch)
                if moved is not None:
                    entries[name] = moved
            else:
                ready[name] = self._source(name)
        catalog = DataCatalog.from_config(entries)
        for name, dataset in ready.items():
            catalog[name] = dataset
        return catalog

    def _entry(self, name: str) -> dict[str, Any]:
        resolver = self.catalog.config_resolver
        return dict(resolver.resolve_pattern(name))

    def _source(self, name: str) -> AbstractDataset[Any, Any]:
        dataset: Any = self.catalog.get(name)
        return dataset  # type: ignore[no-any-return]


class _Listener:
    """Notes what each node makes, and lets the split follow rows that moved."""

    def __init__(
        self, route: Route, cut: Cut | None, assignment: pd.DataFrame, *, hash_parts: bool
    ) -> None:
        self._route, self._cut, self._assignment = route, cut, assignment
        self._hash_parts = hash_parts
        self.node = ""
        self.rerun = Rerun()

    @hook_impl
    def before_node_run(self, node: Node, inputs: dict[str, Any]) -> dict[str, Any] | None:
        """Remember the node; give the one that cuts an assignment that fits its table."""
        self.node = node.name
        if node.name != self._route.cut.name:
            return None
        self.rerun.table = as_frame(inputs[self._route.table])
        if self._cut is None or self.rerun.table is None:
            return None
        return {ASSIGNMENT: self._cut.assign(self.rerun.table)}

    @hook_impl
    def after_node_run(self, node: Node, outputs: dict[str, Any]) -> None:
        """Hash what was made, and keep what is predicted with."""
        for name, value in outputs.items():
            if plain_name(name) in KEPT:
                self.rerun.kept[plain_name(name)] = value
            if self._hash_parts and self._cut is not None and plain_name(name) != SEALED:
                self._note(node, name, value)

    def _note(self, node: Node, name: str, value: Any) -> None:
        cut = self._cut
        frame = as_frame(value)
        if cut is not None and frame is not None and name in self._route.before_cut:
            value = cut.without_test_rows(frame)
            if value is None:
                return
        self.rerun.made[name] = Artifact(
            node.name, fingerprint_parts(value), name in self._route.judged
        )


def _as_source(name: str, table: Any, scratch: Path) -> Any:
    """Write a frame to a file where nodes expect a snapshot."""
    if name != DATASET or not isinstance(table, pd.DataFrame):
        return table
    from experiment_cycle.datasets.snapshot import SnapshotDataset  # noqa: PLC0415

    file = scratch / "data" / "given.parquet"
    SnapshotDataset(filepath=str(file)).save(table)
    return Snapshot(file)


def _parameter(catalog: DataCatalog, name: str, replaced: Mapping[str, Any]) -> Any:
    return MemoryDataset(replaced[name] if name in replaced else catalog.load(name))
