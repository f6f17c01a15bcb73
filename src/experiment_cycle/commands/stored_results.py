"""What a finished run has left, for commands that look at it again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from kedro.io import DataCatalog, DatasetError
from kedro.pipeline import Pipeline

from experiment_cycle.audit.auditing import Subject
from experiment_cycle.audit.differences import Difference, differences
from experiment_cycle.audit.openings import Event, append_event
from experiment_cycle.audit.openings_hook import ENTRY
from experiment_cycle.audit.recomputing import file_of
from experiment_cycle.audit.route import is_data
from experiment_cycle.audit.scratch import is_path_dataset
from experiment_cycle.commands.audit import CYCLE
from experiment_cycle.errors import DataError, IntegrityError
from experiment_cycle.sealed import OPENS, SEALED
from experiment_cycle.tracking.cycle import Cycle
from experiment_cycle.tracking.past_records import read_artifact


def check_there(catalog: DataCatalog, names: Iterable[str], what: str) -> None:
    """Refuse to go on where a run has not left what is needed.

    Args:
        catalog: The project's.
        names: Entries that must have data.
        what: What cannot be done without, such as ``to play with``.

    Raises:
        DataError: one of them has none.
    """
    for name in names:
        if name not in catalog or not catalog.exists(name):
            raise DataError(
                f"There is nothing {what} yet: '{name}' does not exist. Next step: kedro run"
            )


def check_as_recorded(subject: Subject, names: Iterable[str]) -> str | None:
    """Refuse stored results that are not those of the record; MLflow must be set up.

    Args:
        subject: The project.
        names: Entries of the catalog; those that no record keeps are not looked at.

    Returns:
        Why nothing could be compared; None where it was.

    Raises:
        IntegrityError: a file is not what the record holds.
    """
    state = Cycle(subject.folder / CYCLE).load()
    if state is None:
        return f"{CYCLE} does not tell which record they belong to"
    found: list[Difference] = []
    compared = 0
    with TemporaryDirectory() as folder:
        for name, file, path in _kept_in_record(subject.catalog, names):
            try:
                recorded = read_artifact(state.run_id, path, Path(folder))
            except IntegrityError:
                continue
            compared += 1
            found += islice(differences(name, file, recorded), 1)
    if found:
        raise IntegrityError(_altered(state.run_id, found))
    return None if compared else f"the record {state.run_id} does not give its files back"


def _kept_in_record(catalog: DataCatalog, names: Iterable[str]) -> Iterator[tuple[str, Path, str]]:
    """Give, of each entry that is an artifact of the record, its name, file and path there."""
    for name in sorted(names):
        entry = dict(catalog.config_resolver.resolve_pattern(name))
        file = file_of(entry)
        if "artifact_path" in entry and file is not None:
            yield name, file, f"{entry['artifact_path']}/{file.name}"


def _altered(run_id: str, found: list[Difference]) -> str:
    told = "; ".join(
        f"{each.dataset}: {each.where}: stored {each.stored}, recorded {each.made}"
        for each in found
    )
    return (
        f"The report is not rendered: the stored results are not those of the record {run_id[:8]}. "
        f"{told}. Next step: restore the files, or kedro run "
        "--pipelines=evaluation,decision,reporting with the --env that is to be shown (all of them "
        "write to the same files); kedro cycle report --verify computes every number again."
    )


def stored_inputs(catalog: DataCatalog, pipeline: Pipeline) -> set[str]:
    """Name the data that nodes read and do not make; places to write to are none."""
    return {
        name
        for name in pipeline.inputs()
        if is_data(name) and not is_path_dataset(catalog.config_resolver.resolve_pattern(name))
    }


def trust(subject: Subject, names: Iterable[str]) -> None:
    """Let models hold the types that the configuration trusts."""
    for name in names:
        dataset: Any = subject.catalog.get(name)
        if hasattr(dataset, "trust"):
            dataset.trust(subject.training.trusted_types)


def load(catalog: DataCatalog, name: str) -> Any:
    """Load an entry without a line in the log.

    Args:
        catalog: The project's.
        name: The entry.

    Raises:
        IntegrityError: its file cannot be read.
    """
    dataset: Any = catalog.get(name)
    try:
        return dataset.load()
    except DatasetError as error:
        told = " ".join(str(error.__cause__ or error).split())
        raise IntegrityError(
            f"The dataset '{name}' cannot be loaded. {told} Next step: kedro run"
        ) from error


def record_opening(subject: Subject, command: str) -> None:
    """Record that a command opens the test set, as nodes of a run do.

    Args:
        subject: The project.
        command: What opens it.
    """
    if ENTRY not in subject.catalog:
        return
    state = Cycle(subject.folder / CYCLE).load()
    event = Event(
        cycle="" if state is None else state.run_id,
        what="opened",
        dataset=SEALED,
        node=command,
        tags=(OPENS,),
    )
    append_event(load(subject.catalog, ENTRY), event)
