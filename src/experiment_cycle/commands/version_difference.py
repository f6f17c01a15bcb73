"""Two versions compared in every way, as `kedro cycle data diff` shows them."""

from __future__ import annotations

from experiment_cycle.commands.project import Project
from experiment_cycle.data_versioning.changes.difference import (
    Difference,
    StatisticChange,
    difference,
    moved_statistics,
)
from experiment_cycle.data_versioning.changes.drift import Drift, drift
from experiment_cycle.data_versioning.changes.rows import row_changes
from experiment_cycle.data_versioning.profile import profile
from experiment_cycle.data_versioning.records import DatasetProfile, VersionEntry
from experiment_cycle.data_versioning.versioning import Versions
from experiment_cycle.options import Record
from experiment_cycle.snapshot import Snapshot

NAMES = frozenset({"identifier", "group", "query"})
"""Roles of columns whose values are names, of which a mean says nothing."""


class VersionDifference(Record):
    """Rows, columns, statistics and drift from one version to another."""

    old: VersionEntry
    new: VersionEntry
    same_content: bool
    """Whether the content hashes are equal: the same rows in the same order."""
    difference: Difference
    statistics: tuple[StatisticChange, ...]
    drift: Drift


def version_difference(
    project: Project, versions: Versions, old: VersionEntry, new: VersionEntry
) -> VersionDifference:
    """Compare two versions, after verifying both."""
    same = old.version.content_hash == new.version.content_hash
    with versions.opened(old.version) as earlier, versions.opened(new.version) as later:
        with row_changes(earlier, later, project.columns) as changes:
            counted = difference(changes)
            tested = drift(changes, counted, project.columns)
        moved = () if same else moved_statistics(*(_profile(project, s) for s in (earlier, later)))
    names = {n for n, role in project.columns.declared().items() if role in NAMES}
    return VersionDifference(
        old=old,
        new=new,
        same_content=same,
        difference=counted,
        statistics=tuple(each for each in moved if each.column not in names),
        drift=tested,
    )


def _profile(project: Project, snapshot: Snapshot) -> DatasetProfile:
    return profile(snapshot, project.columns_in(snapshot), project.options.top_values)
