"""Compute again what rests on stored predictions, away from what is stored. Knows Kedro."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline
from kedro.runner import SequentialRunner

from experiment_cycle.audit.route import is_data, plain_name
from experiment_cycle.audit.scratch import PATHS, WRAPPER, is_path_dataset, redirect, scratch_folder
from experiment_cycle.errors import CycleError, IntegrityError

PREDICTED = ("test_predictions", "fold_predictions")
STAGES = ("evaluation", "decision", "reporting")
MARK = "verify"
"""In a catalog entry, below `metadata.experiment_cycle`: why its data cannot be computed again."""
MEASURED = "measured"
"""At the same place: fields that clock, machine or user give, and that are not compared."""
NOT_IN_FILES = "it is not kept in a file of the project"

Prepare = Callable[[bytes], bytes]


class Again(NamedTuple):
    """One dataset: the file that a run stored, and the one that was made now."""

    stored: Path
    made: Path


@dataclass(frozen=True, eq=False)
class Plan:
    """What is computed again.

    Attributes:
        pipeline: The nodes.
        compared: The datasets that are.
        left_out: Why others are not, by name.
        measured_fields: Of each of `compared`, what clock or user gave, and nobody else can.
    """

    pipeline: Pipeline
    compared: tuple[str, ...]
    left_out: Mapping[str, str]
    measured_fields: Mapping[str, tuple[str, ...]]

    def measured(self, name: str) -> tuple[str, ...]:
        """Name the fields of a dataset that are not compared."""
        return self.measured_fields.get(name, ())


def plan_recomputing(project: Pipeline, catalog: DataCatalog) -> Plan:
    """Choose every node that comes after the predictions.

    These are the nodes of evaluation, decision and reporting, and whatever else reads predictions
    or what was made from them, except those that lead to the predictions. A node all of whose
    data are marked in the catalog as not to be computed again is left out.

    Args:
        project: All nodes.
        catalog: The project's.
    """
    known = [name for name in PREDICTED if name in project.datasets()]
    before = project.to_outputs(*[name for name in known if name in project.all_outputs()])
    after = project.only_nodes_with_tags(*STAGES)
    reading = [name for name in known if any(name in node.inputs for node in project.nodes)]
    if reading:
        after += project.from_inputs(*reading)
    nodes = [node for node in (after - before).nodes if node.outputs]
    left_out = {
        name: why
        for node in nodes
        for name in node.outputs
        if (why := _why_not(_entry(catalog, name))) is not None
    }
    kept = [node for node in nodes if not set(node.outputs) <= set(left_out)]
    names = sorted(name for node in kept for name in node.outputs if name not in left_out)
    measured = {name: _measured(_entry(catalog, name)) for name in names}
    return Plan(Pipeline(kept), tuple(names), left_out, measured)


@contextmanager
def recomputed(
    pipeline: Pipeline,
    project: Path,
    catalog: DataCatalog,
    given: Mapping[str, Any],
    prepare: Mapping[str, Prepare],
) -> Iterator[dict[str, Again]]:
    """Run nodes on what is stored, in a scratch folder; what they make is there during the block.

    Nodes read what others of them made, as they would from its file; all else is read as stored.
    Nothing of the project is changed.

    Args:
        pipeline: The nodes.
        project: The project's folder.
        catalog: The project's, with typed parameters.
        given: Data by name, in place of those in the catalog.
        prepare: How the copy of a file that a node may write to is made from the file, by name;
            others are copied as they are.

    Yields:
        For each dataset that is kept in files, the stored and the new one.

    Raises:
        IntegrityError: a node fails on what is stored.
    """
    with scratch_folder(project) as scratch:
        held = _scratch_catalog(pipeline, project, scratch, catalog, given, prepare)
        try:
            SequentialRunner().run(pipeline, held)
        except CycleError:
            raise
        except Exception as error:
            raise IntegrityError(
                f"What is stored cannot be computed from again: {error} Next step: kedro run"
            ) from error
        yield {
            name: Again(stored, made)
            for name in sorted(pipeline.all_outputs())
            if (stored := file_of(_entry(catalog, name))) is not None
            and (made := Path(getattr(held.get(name), "_filepath", ""))).exists()
        }


def file_of(entry: Mapping[str, Any]) -> Path | None:
    """Name the file of a catalog entry with absolute paths; None if it has none here."""
    if str(entry.get("type", "")).rpartition(".")[2] == WRAPPER:
        return file_of(entry["dataset"])
    places = [str(entry[key]) for key in PATHS if isinstance(entry.get(key), str)]
    return Path(places[0]) if len(places) == 1 and "://" not in places[0] else None


def _scratch_catalog(
    pipeline: Pipeline,
    project: Path,
    scratch: Path,
    catalog: DataCatalog,
    given: Mapping[str, Any],
    prepare: Mapping[str, Prepare],
) -> DataCatalog:
    made = pipeline.all_outputs()
    entries: dict[str, dict[str, Any]] = {}
    ready: dict[str, Any] = {}
    for name in sorted(pipeline.datasets()):
        if name in given:
            ready[name] = MemoryDataset(given[name], copy_mode="assign")
        elif not is_data(name):
            ready[name] = MemoryDataset(catalog.get(name).load())  # type: ignore[union-attr]
        elif name in made or is_path_dataset(_entry(catalog, name)):
            moved = redirect(_entry(catalog, name), project, scratch)
            if moved is None:
                ready[name] = MemoryDataset(copy_mode="assign")
                continue
            entries[name] = moved
            if name not in made:
                _copy(file_of(_entry(catalog, name)), file_of(moved), prepare.get(plain_name(name)))
        else:
            ready[name] = catalog.get(name)
    found = DataCatalog.from_config(entries)
    for name, dataset in ready.items():
        found[name] = dataset
    return found


def _copy(stored: Path | None, to: Path | None, prepare: Prepare | None) -> None:
    if stored is None or to is None or not stored.is_file():
        return
    if prepare is None:
        shutil.copyfile(stored, to)
    else:
        to.write_bytes(prepare(stored.read_bytes()))


def _marks(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    return (entry.get("metadata") or {}).get("experiment_cycle") or {}


def _measured(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(_marks(entry).get(MEASURED) or ())


def _why_not(entry: Mapping[str, Any]) -> str | None:
    marks = _marks(entry)
    if MARK in marks:
        return str(marks[MARK])
    return NOT_IN_FILES if file_of(entry) is None else None


def _entry(catalog: DataCatalog, name: str) -> dict[str, Any]:
    return dict(catalog.config_resolver.resolve_pattern(name))
