"""What `kedro cycle clean` may remove, and how it goes: wholly, or not at all."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from experiment_cycle.options import Record

Kind = Literal[
    "artifacts",
    "journal",
    "checkpoints",
    "search",
    "data version",
    "temporary folder",
    "unfinished file",
    "unfinished removal",
]
MARK = ".removing-"
"""Before the name of what is on its way out: a rename takes it away at once and whole."""


class Removable(Record):
    """One thing that nothing refers to any more.

    Attributes:
        kind: What it is.
        name: Which one.
        why: Why it may go.
        places: Files and folders that go with it.
        size_bytes: What they take on the disk.
    """

    kind: Kind
    name: str
    why: str
    places: tuple[Path, ...]
    size_bytes: int


def removable(kind: Kind, name: str, why: str, places: Iterable[Path]) -> Removable | None:
    """Describe what is there of `places`; None if that is nothing."""
    there = tuple(place for place in places if place.exists() or place.is_symlink())
    if not there:
        return None
    return Removable(kind=kind, name=name, why=why, places=there, size_bytes=sum(map(size, there)))


def size(place: Path) -> int:
    """Add up the sizes of a file, or of all files in a folder (bytes); links are not followed."""
    if place.is_symlink() or not place.is_dir():
        return place.lstat().st_size
    return sum(file.lstat().st_size for file in place.rglob("*") if not file.is_dir())


def newest(place: Path) -> float:
    """Tell when anything in a folder, or the file, was last written (seconds since 1970)."""
    inside = place.rglob("*") if place.is_dir() and not place.is_symlink() else ()
    return float(max(each.lstat().st_mtime for each in (place, *inside)))


def remove(places: Sequence[Path]) -> None:
    """Remove files and folders, each at once: after a kill it is there whole, or gone.

    What a kill leaves is named so that `unfinished_removals` finds it.

    Raises:
        OSError: one cannot be removed; the others before it are gone.
    """
    for place in places:
        if place.is_symlink() or not place.is_dir():
            place.unlink(missing_ok=True)
            continue
        leaving = place
        if not place.name.startswith(MARK):
            leaving = place.with_name(f"{MARK}{uuid.uuid4().hex}")
            place.rename(leaving)
        shutil.rmtree(leaving)


def unfinished_removals(roots: Iterable[Path]) -> list[Removable]:
    """Find what a killed removal left in some folders, or in folders in these."""
    found = []
    for root in roots:
        for place in sorted([*root.glob(f"{MARK}*"), *root.glob(f"*/{MARK}*")]):
            one = removable("unfinished removal", place.name, "a removal was killed", [place])
            found += [] if one is None else [one]
    return found
