"""What a finished run has left, for commands that look at it again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kedro.io import DataCatalog, DatasetError
from kedro.pipeline import Pipeline

from experiment_cycle.audit.auditing import Subject
from experiment_cycle.audit.openings import Event, append_event
from experiment_cycle.audit.openings_hook import ENTRY
from experiment_cycle.audit.route import is_data
from experiment_cycle.audit.scratch import is_path_dataset
from experiment_cycle.commands.audit import CYCLE
from experiment_cycle.errors import DataError, IntegrityError
from experiment_cycle.sealed import OPENS, SEALED
from experiment_cycle.tracking.cycle import Cycle


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
