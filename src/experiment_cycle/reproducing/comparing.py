"""What a run made again is, artifact by artifact, beside what the record holds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from experiment_cycle.audit.differences import ABSENT, Difference, differences
from experiment_cycle.datasets.skops_model import load_model
from experiment_cycle.errors import IntegrityError
from experiment_cycle.options import Record
from experiment_cycle.reproducing.rerun import STAGES
from experiment_cycle.tracking.files import content_of
from experiment_cycle.training.identity import state_hash

MOST = 5
"""Differences of one artifact that are told one by one."""
MODEL = ".skops"
ON_THE_WAY = {
    "training/environment.json": "it is the machine",
    "training/code.diff": "it is what was checked out",
}
BACKEND_FIELDS = ("backend", "id", "pointer", "size_bytes")
VERSION = "data_versioning/dataset_version.json"
OTHERWISE = {"data_versioning/row_counts.json": ("steps",)}
"""The run made again begins with the kept data version, and not with the raw tables."""


class Compared(Record):
    """One artifact of the record.

    `how` tells by what it is the same or not: its bytes, its values without those that clock and
    memory meter gave, or the state of the model that the file holds.
    """

    stage: str
    artifact: str
    status: Literal["same", "differs", "not_compared"]
    how: str
    recorded: str | None
    """SHA-256 of the file, hex."""
    made: str | None
    differences: tuple[tuple[str, str, str], ...] = ()
    """Of each: where, what is recorded, what was made."""


def compare_artifacts(
    recorded: Path,
    made: Path,
    stages: Sequence[str],
    marks: Mapping[str, Mapping[str, Any]],
    trusted_types: Sequence[str],
) -> list[Compared]:
    """Compare every artifact of some stages.

    Args:
        recorded: A folder with the artifacts of the record.
        made: A folder with those of the run made again.
        stages: Which ones, in their order.
        marks: By artifact, the block `experiment_cycle` of its catalog entry.
        trusted_types: Types that models may hold, as the configuration names them.
    """
    found = []
    for stage in stages:
        names = {
            file.relative_to(folder).as_posix()
            for folder in (recorded, made)
            for file in (folder / stage).rglob("*")
            if file.is_file()
        }
        for name in sorted(names):
            found.append(_compare(name, recorded, made, marks.get(name) or {}, trusted_types))
    return found


def compare_metrics(
    recorded: Mapping[str, float], made: Mapping[str, float], left_out: Sequence[str]
) -> tuple[int, list[Difference]]:
    """Compare numbers by name, bit for bit; those that only later stages make are not there.

    Returns:
        How many are the same, and what differs.
    """
    names = [name for name in sorted(made) if not name.startswith(tuple(left_out))]
    told = [
        Difference(name, "value", repr(recorded.get(name, ABSENT)), repr(made[name]))
        for name in names
        if repr(recorded.get(name)) != repr(made[name])
    ]
    return len(names) - len(told), told


def first_stage(found: Sequence[Compared]) -> str | None:
    """Name the first stage of which something differs; what comes after it follows from that."""
    differing = {each.stage for each in found if each.status == "differs"}
    return next((stage for stage in STAGES if stage in differing), None)


def measured_metrics(marks: Mapping[str, Mapping[str, Any]], names: Mapping[str, str]) -> list[str]:
    """Tell how the names of metrics begin that clock and memory meter gave.

    Args:
        marks: As for `compare_artifacts`.
        names: By artifact, the name of its catalog entry.
    """
    found = ["system/", "system."]
    for artifact, mark in marks.items():
        if "verify" in mark:
            found.append(f"{names[artifact]}.")
        found += [f"{names[artifact]}.{field}" for field in mark.get("measured") or ()]
    return found


def _compare(
    name: str,
    recorded: Path,
    made: Path,
    mark: Mapping[str, Any],
    trusted_types: Sequence[str],
) -> Compared:
    one, other = recorded / name, made / name
    hashes = [content_of(file) if file.is_file() else None for file in (one, other)]
    known = {
        "stage": name.partition("/")[0],
        "artifact": name,
        "recorded": hashes[0],
        "made": hashes[1],
    }
    why = mark.get("verify") or ON_THE_WAY.get(name)
    if why is not None:
        return Compared(status="not_compared", how=str(why), **known)
    if hashes[0] == hashes[1]:
        return Compared(status="same", how="bytes", **known)
    try:
        how, told = _tell(name, one, other, mark, trusted_types)
    except (IntegrityError, TypeError) as error:
        why = f"the model cannot be read: {error}"
        return Compared(status="not_compared", how=why, **known)
    status = "differs" if told else "same"
    return Compared(status=status, how=how, differences=tuple(told), **known)


def _tell(
    name: str, one: Path, other: Path, mark: Mapping[str, Any], trusted_types: Sequence[str]
) -> tuple[str, list[tuple[str, str, str]]]:
    if not one.is_file() or not other.is_file():
        there = [file.name if file.is_file() else ABSENT for file in (one, other)]
        return "bytes", [("the whole file", *there)]  # type: ignore[list-item]
    if one.suffix == MODEL:
        states = [state_hash(load_model(file, trusted_types)) for file in (one, other)]
        told = [] if states[0] == states[1] else [("the model's state", *states)]
        return "the model's state", told  # type: ignore[return-value]
    left_out = tuple(mark.get("measured") or ()) + OTHERWISE.get(name, ())
    if name == VERSION and _backend(one) != _backend(other):
        left_out += BACKEND_FIELDS
    found = islice(differences(name, one, other, left_out), MOST)
    how = f"all but {', '.join(left_out)}" if left_out else "bytes"
    return how, [(each.where, each.stored, each.made) for each in found]


def _backend(file: Path) -> Any:
    return json.loads(file.read_text("utf-8")).get("backend")
