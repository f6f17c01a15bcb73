"""Verify later that a split is still the one that was recorded."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.inherit import ChampionSplit, settings_of
from experiment_cycle.splitting.manifest import describe_split, split_hash
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.parts import every_row_once, part_codes
from experiment_cycle.splitting.records import SplitManifest
from experiment_cycle.splitting.strategies import assign


def verify_split(
    snapshot: Snapshot,
    assignment: pd.DataFrame,
    manifest: SplitManifest,
    columns: Columns,
    options: SplittingOptions,
    champion: ChampionSplit | None = None,
    folds: pd.DataFrame | None = None,
) -> list[str]:
    """Compare a split with its manifest, and make it again.

    Args:
        snapshot: The dataset.
        assignment: The part of each row, as stored.
        manifest: What was recorded of the split.
        columns: The roles of the columns now.
        options: The options now.
        champion: The champion's split that was at hand when this one was made.
        folds: The folds that belong to it, as stored.

    Returns:
        A sentence for each thing that does not hold; none if the split is what was recorded.
    """
    if not every_row_once(assignment, snapshot.rows):
        return [
            f"The assignment ({len(assignment):,} rows) does not name every row of the dataset "
            f"({snapshot.rows:,} rows) once with a part."
        ]
    now = describe_split(
        snapshot,
        assignment,
        columns,
        options,
        manifest.seed,
        manifest.content_hash,
        champion=champion,
        folds=folds,
        task=manifest.task,
    )
    problems = [*_differences(manifest, now)]
    settings = settings_of(columns, options)
    other = [key for key, value in settings.items() if manifest.settings.get(key) != value]
    if other:
        problems.append(f"The split was made with other values of {', '.join(other)}.")
    else:
        again = assign(snapshot, columns, options, manifest.seed, champion, manifest.task)
        if not np.array_equal(part_codes(again), part_codes(assignment)):
            problems.append("Made again with the same options and seed, the split is another one.")
    return problems


def _differences(then: SplitManifest, now: SplitManifest) -> Iterator[str]:
    if split_hash(then.content_hash, then.parts) != then.hash:
        yield "The manifest's hash is not that of the parts it lists: it was changed by hand."
    for name, part in now.parts.items():
        recorded = then.parts.get(name)
        if recorded is None or recorded.rows_hash != part.rows_hash:
            yield f"The positions of the rows of {name} are not those recorded."
        if recorded is None or recorded.keys_hash != part.keys_hash:
            yield f"The rows of {name}, by their keys, are not those recorded."
    if then.purged != now.purged:
        yield f"In no part are {now.purged or 'no rows'}, recorded were {then.purged or 'none'}."
    for name in sorted({*then.guarantees, *now.guarantees}):
        recorded_as, found = then.guarantees.get(name), now.guarantees.get(name)
        if recorded_as != found:
            yield f"The guarantee {name} is recorded as {recorded_as}, but found to be {found}."
