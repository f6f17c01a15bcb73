"""What nothing refers to any more: records, states of fits, data versions, leftovers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from experiment_cycle.commands.record_store import RecordStore
from experiment_cycle.data_versioning.dvc import BACKEND
from experiment_cycle.data_versioning.unused_versions import UnusedVersions
from experiment_cycle.tracking.cleaning import (
    Records,
    named_data_versions,
    old_artifacts,
    old_journals,
    read_records,
    remove_record,
)
from experiment_cycle.tracking.command_record import JOURNALS
from experiment_cycle.tracking.hook import CYCLE_FILE
from experiment_cycle.tracking.left_folders import left_folders, unfinished_files
from experiment_cycle.tracking.removable import (
    Removable,
    newest,
    removable,
    remove,
    unfinished_removals,
)

DATA = Path("data")
LEDGER = Path("data/08_reporting/ledger.jsonl")
CHECKPOINTS = Path("data/06_models/checkpoints")
SEARCHES = Path("data/06_models/tuning")
KEY = re.compile(r"[0-9a-f]{64}")
"""Names of checkpoints' folders and of searches."""


def find_removable(store: RecordStore, keep: int) -> tuple[list[Removable], str]:
    """Find what may go from a project.

    Args:
        store: The project's records.
        keep: How many of the newest cycles keep everything.

    Returns:
        What may go, and a sentence on the cycles that are kept whole.
    """
    project = store.folder
    written = [project / CYCLE_FILE, project / LEDGER]
    records = read_records(store.experiment_id, keep, written)
    local = project / store.tracking.local.folder
    found = [
        *_left_by_clean(store, local),
        *old_artifacts(records, project, local),
        *old_journals(records, project / JOURNALS, store.tracking.trackers),
        *_old_states(records, project),
        *_old_versions(store),
        *left_folders(project),
        *unfinished_files(project / DATA),
    ]
    return found, _kept(records)


def remove_one(store: RecordStore, one: Removable) -> None:
    """Remove something that `find_removable` found.

    Raises:
        OSError: it cannot be removed.
    """
    if one.kind in {"artifacts", "journal"}:
        remove_record(one)
    elif one.kind == "data version":
        _versions(store).remove({one.name: one.places[0]})
    else:
        remove(one.places)


def _left_by_clean(store: RecordStore, local: Path) -> list[Removable]:
    project = store.folder
    mlflow = project / "mlartifacts"
    roots = [mlflow, mlflow / "models", project / JOURNALS, local]
    states = [project / SEARCHES, *_seeds(project / CHECKPOINTS)]
    return unfinished_removals([*roots, *states])


def _old_states(records: Records, project: Path) -> Iterator[Removable]:
    """Find checkpoints and searches that were last written before the oldest kept cycle began."""
    before = records.oldest_kept
    if before is None:
        return
    why = "older than the cycles that are kept"
    for place in _seeds(project / CHECKPOINTS):
        for folder in sorted(place.iterdir()):
            if KEY.fullmatch(folder.name) and newest(folder) < before:
                one = removable("checkpoints", folder.name, why, [folder])
                if one is not None:
                    yield one
    for journal in sorted((project / SEARCHES).glob("*.journal")):
        folder = journal.with_suffix("")
        if not KEY.fullmatch(folder.name):
            continue
        places = [journal, *([folder] if folder.is_dir() else [])]
        if max(map(newest, places)) < before:
            one = removable("search", folder.name, why, places)
            if one is not None:
                yield one


def _seeds(checkpoints: Path) -> list[Path]:
    return [place for place in sorted(checkpoints.rglob("seed_*")) if place.is_dir()]


def _old_versions(store: RecordStore) -> Iterator[Removable]:
    options = store.configuration.data_versioning
    if options.backend != BACKEND:
        return
    named = named_data_versions(BACKEND) | {options.version}
    for name, place in _versions(store).find(named).items():
        bytes_kept = place.stat().st_size if place.is_file() else 0
        yield Removable(
            kind="data version",
            name=name,
            why="no record, tag or commit names it",
            places=(place,),
            size_bytes=bytes_kept,
        )


def _versions(store: RecordStore) -> UnusedVersions:
    return UnusedVersions(store.folder, store.configuration.data_versioning.backends.dvc)


def _kept(records: Records) -> str:
    if not records.runs:
        return "No cycle is recorded."
    counts = Counter(records.whole.values())
    told = ", ".join(f"{count} ({why})" for why, count in counts.items())
    return f"Kept whole of {len(records.runs)} cycles: {told}."
