from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from experiment_cycle.columns import Columns
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.key_hash import CHUNK, hashed, place_by_hash
from experiment_cycle.splitting.manifest import describe_split
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.strategies import assign

Save = Callable[[Any], Snapshot]

SHARES = np.array([0.7, 0.15, 0.15])
OPTIONS = SplittingOptions(strategy="key_hash")


@pytest.mark.parametrize(
    "keys",
    [np.arange(200_000), np.arange(200_000) * 1_024, np.array([f"p{i}" for i in range(200_000)])],
    ids=["counted", "with zeros at the end", "text"],
)
def test_keys_of_any_kind_meet_the_ratios_as_chance_would(keys: Any) -> None:
    part = place_by_hash(hashed(pd.Series(keys)), SHARES, "1")

    counts = np.bincount(part, minlength=3)
    assert stats.chisquare(counts, SHARES * len(keys)).pvalue > 0.001


def test_another_salt_gives_an_independent_split() -> None:
    keys = hashed(pd.Series(np.arange(200_000)))
    one, other = (place_by_hash(keys, SHARES, salt) for salt in ("1", "2"))

    counts = np.histogram2d(one, other, bins=3)[0]
    assert stats.chi2_contingency(counts).pvalue > 0.001


@given(
    count=st.integers(0, 3 * CHUNK // 2),
    shares=st.tuples(st.integers(1, 5), st.integers(0, 5), st.integers(0, 5)),
)
def test_a_part_without_a_share_gets_nothing_and_order_does_not_matter(
    count: int, shares: tuple[int, int, int]
) -> None:
    ratios = np.array(shares) / sum(shares)
    keys = hashed(pd.Series(np.arange(count, dtype=np.int64)))

    part = place_by_hash(keys, ratios, "1")

    assert set(part) <= set(np.flatnonzero(ratios > 0))
    assert (place_by_hash(keys[::-1].copy(), ratios, "1")[::-1] == part).all()


def test_a_declared_group_decides_before_the_identifier(save: Save) -> None:
    frame = pd.DataFrame(
        {"y": np.arange(600) % 2 == 0, "person": np.arange(600) // 3, "number": np.arange(600)}
    )
    columns = Columns(target="y", group="person", identifier="number")

    split = assign(save(frame), columns, OPTIONS, 0)["split"].astype(str)

    assert split.groupby(frame["person"]).nunique().max() == 1
    alone = assign(
        save(frame.drop(columns="person")), Columns(target="y", identifier="number"), OPTIONS, 0
    )
    assert (split != alone["split"].astype(str)).any()


def test_rows_with_the_same_features_stay_together(save: Save) -> None:
    frame = pd.DataFrame({"y": np.arange(600) % 2 == 0, "a": np.arange(600) // 6, "b": "x"})

    split = assign(save(frame), Columns(target="y"), OPTIONS, 0)["split"].astype(str)

    assert split.groupby(frame["a"]).nunique().max() == 1


def test_the_manifest_proves_the_placing_and_says_that_ratios_are_met_on_average(
    save: Save,
) -> None:
    frame = pd.DataFrame({"y": np.arange(600) % 2 == 0, "x": np.arange(600)})
    snapshot, columns = save(frame), Columns(target="y")
    assignment = assign(snapshot, columns, OPTIONS, 0)

    manifest = describe_split(snapshot, assignment, columns, OPTIONS, 0, "c" * 64)
    swapped = assignment.iloc[::-1].set_axis(assignment.index)
    forged = describe_split(snapshot, swapped, columns, OPTIONS, 0, "c" * 64)

    assert manifest.guarantees["placed_by_key"]
    assert not forged.guarantees["placed_by_key"]
    assert all("on average only" in each.reason for each in manifest.deviations)
    assert len(manifest.deviations) > 0
