"""Which node opened the test set, and when the choices were made: one line each, in order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from experiment_cycle.errors import IntegrityError
from experiment_cycle.options import Record


class Event(Record):
    """The test set was opened, or a choice was fixed."""

    cycle: str
    """The id of the record (the MLflow run) of the cycle; empty where nothing is recorded."""
    what: Literal["opened", "fixed"]
    dataset: str
    node: str
    tags: tuple[str, ...] = ()
    hash: str | None = None
    """Of what was fixed."""


def append_event(file: Path, event: Event) -> None:
    """Add a line to the file, in one write."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8", newline="\n") as lines:
        lines.write(json.dumps(event.model_dump(mode="json"), sort_keys=True) + "\n")


def read_events(file: Path, cycle: str) -> list[Event] | None:
    """Read the events of one cycle, in their order; None if nothing was ever recorded.

    Raises:
        IntegrityError: a line cannot be read.
    """
    if not file.exists():
        return None
    found = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            event = Event.model_validate_json(line)
        except ValidationError as error:
            raise IntegrityError(
                f"Line {number} of {file} is no opening of the test set: it was changed by hand or "
                "cut off. Next step: delete the line, and run the whole cycle again."
            ) from error
        if event.cycle == cycle:
            found.append(event)
    return found
