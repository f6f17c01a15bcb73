"""What is recorded of a run, in the form in which every tracker gets it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from experiment_cycle.options import Record

Status = Literal["finished", "failed", "killed"]


class MetricPoint(Record):
    """One value of one metric; `step` is the boosting round or epoch, 0 where there is none."""

    name: str
    value: float
    step: int = 0
    milliseconds: int
    """Since 1970, UTC."""


class Parameters(Record):
    """Leaves of the configuration by dotted path, as text; never changed once written."""

    kind: Literal["parameters"] = "parameters"
    values: dict[str, str]


class Metrics(Record):
    """Points, in the order in which they were measured."""

    kind: Literal["metrics"] = "metrics"
    points: tuple[MetricPoint, ...]


class Tags(Record):
    """Short texts; a later value of a name takes the place of an earlier one."""

    kind: Literal["tags"] = "tags"
    values: dict[str, str]


class Artifact(Record):
    """A file, or a folder with all its files.

    Attributes:
        file: Where it lies, relative to the project's folder, with forward slashes.
        path: Its name in the record, such as ``training/loss.json``.
        content: SHA-256 (hex), see `files.content_of`. A later run may have written over the file:
            what is not as it was is not delivered in its place.
    """

    kind: Literal["artifact"] = "artifact"
    file: str
    path: str
    content: str


class Begun(Record):
    """A command began to write into the record."""

    kind: Literal["begun"] = "begun"
    milliseconds: int


class Ended(Record):
    """The command came to its end; a record that does not say so was killed."""

    kind: Literal["ended"] = "ended"
    status: Status
    milliseconds: int


Entry = Annotated[
    Parameters | Metrics | Tags | Artifact | Begun | Ended, Field(discriminator="kind")
]
ENTRY: TypeAdapter[Parameters | Metrics | Tags | Artifact | Begun | Ended] = TypeAdapter(Entry)
