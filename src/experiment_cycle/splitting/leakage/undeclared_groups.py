"""LEAK013: rows belong together, nobody declared it, and the split divides them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.stats import binom

from experiment_cycle.splitting.leakage.context import TRAIN, VALIDATION, Audit
from experiment_cycle.splitting.leakage.encoded import Rows
from experiment_cycle.splitting.leakage.findings import About, Accusation, conclude
from experiment_cycle.splitting.leakage.key_columns import NAMES, Key, find_keys
from experiment_cycle.splitting.leakage.neighbours import (
    FEWEST_ROWS,
    Neighbours,
    dimension,
    neighbours,
)
from experiment_cycle.splitting.leakage.profiles import PAIR, Profile, find_profile
from experiment_cycle.splitting.records import Finding

ABOUT = About("LEAK013", "Undeclared groups", "high")
DIVIDED = 0.2
"""Share of test rows whose group is in train as well, below which nothing is said."""
FAILS, WARNS = 0.4, 0.2
"""Share of the columns in which rows of a key, or a profile, are alike."""
SAME_TARGET = 0.9
BESIDE = 5
"""Rows before and after in the file."""
BESIDE_FAILS = 0.1
SURE = 1e-9
JUMP_FAILS, JUMP_WARNS = 0.95, 0.72
"""Largest growth of the log distance from one neighbour to the next, times the dimension. Around a
row without a cluster it is that of exponential draws divided by 2, 3, ...: 0.55 in the median."""
JUMP_BOTH, CONTRAST = 0.62, 0.4
"""A smaller jump fails if the target's correlation falls so much from the first three neighbours to
those beyond the 24th: a smooth dependence on the columns falls little."""
NEAR, FAR = 3, 24
FARTHEST, FEWEST_STEPS = 32, 4
SHOWN = 8


def check(audit: Audit) -> Finding:
    """Look for groups that nobody declared (type L3.2), in four ways.

    A key: a column whose values repeat, and rows of one value are alike in many other columns or in
    the target, while rows of neighbouring values are not. A profile: columns whose combinations
    repeat and stand alone. The file: a test row's nearest row stands beside it, far more often than
    shuffled rows do. Clusters: the distance to the neighbours jumps where a small group ends.
    """
    keys = [key for key in find_keys(audit) if key.divided >= DIVIDED]
    profile = find_profile(audit)
    found = neighbours(audit)
    accusations = [each for key in keys for each in _of_key(audit, key)]
    if profile is not None and profile.divided >= DIVIDED / 4:
        accusations += _of_profile(audit, profile)
    near: dict[str, float] = {}
    if found is not None:
        accusations += [*_of_file(audit, found, near), *_of_clusters(audit, found, near)]
    return conclude(
        audit,
        ABOUT,
        accusations,
        "Rows do not seem to belong together across the split.",
        _remedy(accusations),
        keys_looked_at=[key.name for key in keys],
        **near,
    )


def _remedy(accusations: list[Accusation]) -> str:
    named = [each.columns for each in accusations if each.columns]
    if named and len(named[0]) == 1:
        return (
            f"if rows with the same '{named[0][0]}' are of the same person or thing, set "
            f"'columns.group' to {named[0][0]} and split by group."
        )
    if named:
        return (
            "number the combinations of these columns in a column of its own, name that in "
            "'columns.group', and split by group."
        )
    return (
        "find the column that says what rows belong to (a person, a place, a session) and name it "
        "in 'columns.group', or the moment in 'columns.time', and split accordingly."
    )


def _of_key(audit: Audit, key: Key) -> Iterator[Accusation]:
    share = len(key.alike) / max(1, key.others)
    named = bool(NAMES.search(key.name))
    alike = len(key.alike) >= PAIR or (share == 1 and key.others > 0)
    constant = (alike and share >= FAILS) or key.target >= SAME_TARGET
    fails = constant and not audit.by_time
    if not fails and not (alike and share >= WARNS) and not named:
        return
    listed = ", ".join(f"'{name}'" for name in key.alike[:5])
    what = f"alike in {len(key.alike)} of {key.others} columns ({listed})" if key.alike else ""
    same = f"have nearly the same target ({key.target:.0%})" if key.target >= SAME_TARGET else ""
    said = " and ".join(filter(None, (f"are {what}" if what else "", same)))
    message = (
        f"Rows with the same '{key.name}' ({key.values:,} values) {said or 'may belong together'}, "
        f"and {key.divided:.0%} of the test rows have one that train or validation has too."
    )
    bar = FAILS if fails else WARNS
    value = max(share, key.target if key.target >= SAME_TARGET else 0.0)
    yield Accusation((key.name,), "failed" if fails else "warning", message, value, bar)


def _of_profile(audit: Audit, profile: Profile) -> Iterator[Accusation]:
    share = len(profile.columns) / max(1, len(audit.table))
    if share < WARNS or len(profile.columns) < PAIR:
        return
    fails = share >= FAILS and not audit.by_time
    listed = ", ".join(f"'{name}'" for name in profile.columns[:SHOWN])
    more = " and others" if len(profile.columns) > SHOWN else ""
    message = (
        f"{len(profile.columns)} columns stay constant together ({listed}{more}): "
        f"{profile.combinations:,} combinations repeat as those of persons or things do, not of "
        f"chance; {profile.divided:.0%} of the test rows have one that train or validation "
        "has too."
    )
    bar = FAILS if fails else WARNS
    yield Accusation(profile.columns, "failed" if fails else "warning", message, share, bar)


def _of_file(audit: Audit, found: Neighbours, near: dict[str, float]) -> Iterator[Accusation]:
    """Ask how often the nearest row stands beside a test row in the file."""
    known = np.flatnonzero((audit.parts == TRAIN) | (audit.parts == VALIDATION))
    position = audit.positions
    own = position[found.rows]
    beside = np.searchsorted(position[known], own + BESIDE, side="right") - np.searchsorted(
        position[known], own - BESIDE, side="left"
    )
    expected = float(beside.mean()) / max(1, len(known))
    hits = np.abs(position[found.nearest[:, 0]] - own) <= BESIDE
    share = float(hits.mean())
    near.update(nearest_row_beside=share, expected_beside=expected)
    p_value = float(binom.sf(int(hits.sum()) - 1, len(hits), min(1.0, expected)))
    if share - expected < BESIDE_FAILS or p_value > SURE:
        return
    message = (
        f"The row nearest to a test row stands within {BESIDE} lines of it in the file in "
        f"{share:.0%} of the cases, where a shuffled file has {expected:.1%}: neighbours in the "
        "file belong together, and the split divides them."
    )
    yield Accusation((), "failed", message, share - expected, BESIDE_FAILS)


def _of_clusters(audit: Audit, found: Neighbours, near: dict[str, float]) -> Iterator[Accusation]:
    """Ask whether the distance to the neighbours jumps where a small group would end."""
    distances = found.distances
    last = min(FARTHEST, found.reference // 20, distances.shape[1] - 1)
    free = distances[:, 1] > 0
    if last < FEWEST_STEPS or free.sum() < FEWEST_ROWS:
        return
    distances = distances[free]
    spread = dimension(distances, distances.shape[1] // 2, distances.shape[1])
    growth = np.diff(np.log(distances[:, 1 : last + 1]), axis=1)
    jump = float(np.median(growth.max(axis=1)) * min(spread, len(found.columns)))
    contrast = _contrast(audit, found.rows[free], found.nearest[free])
    near.update(jump=jump, target_contrast=contrast)
    # in a ranking the target is relative to the other rows of a query: like rows of other queries
    # have like targets without belonging together
    same = jump >= JUMP_BOTH and contrast >= CONTRAST and audit.columns.query is None
    if jump < JUMP_WARNS and not same:
        return
    fails = jump >= JUMP_FAILS or same
    size = int(np.median(growth.argmax(axis=1))) + 2
    message = (
        f"Test rows lie in small clusters with about {size} rows of train and validation: beyond, "
        f"the distance to the next row jumps ({jump:.2f}; about 0.55 without clusters)."
    )
    bar = JUMP_BOTH if same else JUMP_FAILS if fails else JUMP_WARNS
    message += (
        f" Their targets are alike within it (correlation {contrast:.2f} more than farther away)."
        if same
        else ""
    )
    yield Accusation((), "failed" if fails else "warning", message, jump, bar)


def _contrast(audit: Audit, rows: Rows, nearest: Rows) -> float:
    """How much more the targets of the nearest rows are like a row's own than those farther off."""
    values = audit.target.values
    spread = values.std(axis=0)
    usual = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    alike = (usual[nearest] * usual[rows][:, None, :]).mean(axis=2)
    return float(alike[:, :NEAR].mean() - alike[:, FAR:].mean())
