"""Data versions in DVC's cache that nothing names any more.

A version is named by the record of a cycle, by a tag, by the pointer, by the options, or by the
list or pointer that Git has. Delta Lake and lakeFS keep their versions in a history of their own,
out of which none can be taken.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import yaml

from experiment_cycle.data_versioning.dvc import DvcVersioner
from experiment_cycle.data_versioning.options import DvcOptions
from experiment_cycle.data_versioning.version_log import VersionLog
from experiment_cycle.git import git


class UnusedVersions:
    """Finds and removes what nothing names.

    Args:
        root: The project's folder.
        options: Where the snapshot lies.
    """

    def __init__(self, root: Path, options: DvcOptions) -> None:
        self._root = root.absolute()
        self._file = self._root / options.file
        self._pointer = self._file.with_name(f"{self._file.name}.dvc")
        self._list = self._file.with_name(f"{self._file.stem}.versions.jsonl")
        self._log = VersionLog(self._list)
        self._versioner = DvcVersioner(self._root, options, {})

    def find(self, named: Collection[str]) -> dict[str, Path]:
        """Find the versions on our list that may go, each with its file in DVC's cache.

        Files in the cache that are not on our list may be the user's own and are left alone; so is
        a cache that lies outside the project, which others may share.

        Args:
            named: Ids and tags that records or options name.

        Raises:
            IntegrityError: the list is damaged.
            BackendError: DVC does not tell where its cache is.
        """
        entries = self._log.entries()
        listed = {each.version.id: each for each in entries}
        newest = {each.version.id for each in entries[-1:]}
        kept = {*named, *newest, *self._pointed_at()}
        found = [name for name, each in listed.items() if name not in kept and not each.tags]
        places = self._versioner.places(self._unknown_to_git(found)) if found else {}
        return {
            name: place.resolve()
            for name, place in places.items()
            if place.resolve().is_relative_to(self._root.resolve())
        }

    def remove(self, found: dict[str, Path]) -> None:
        """Remove files, then their lines on the list: what a kill leaves is found again.

        Raises:
            OSError: a file cannot be removed.
            BackendError: another process changes the list.
        """
        with self._log.locked():
            for place in found.values():
                place.unlink(missing_ok=True)
            self._log.drop(found)

    def _pointed_at(self) -> set[str]:
        try:
            pointer = yaml.safe_load(self._pointer.read_text(encoding="utf-8"))
            return {str(out["md5"]) for out in pointer["outs"]}
        except (OSError, KeyError, TypeError, yaml.YAMLError):
            return set()

    def _unknown_to_git(self, names: list[str]) -> list[str]:
        """Leave out what any commit of the list or the pointer names."""
        places = [str(self._list), str(self._pointer)]
        told = git(self._root, "log", "--all", "-p", "--format=", "--", *places)
        if told is None:
            inside = any((each / ".git").exists() for each in (self._root, *self._root.parents))
            return [] if inside else names
        return [name for name in names if name.encode() not in told]
