from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from experiment_cycle.splitting.rounding import cell_sizes, largest_remainder, shuffled_parts

shares = st.lists(st.integers(1, 100), min_size=2, max_size=4).map(
    lambda parts: np.array(parts) / sum(parts)
)


def test_seventy_fifteen_fifteen_of_twenty_is_exact() -> None:
    assert largest_remainder(20, np.array([0.7, 0.15, 0.15])).tolist() == [14, 3, 3]


@given(total=st.integers(0, 10**6), ratios=shares)
def test_rounded_shares_add_up_and_are_within_one(total: int, ratios: np.ndarray) -> None:
    sizes = largest_remainder(total, ratios)

    assert sizes.sum() == total
    assert np.abs(sizes - total * ratios).max() < 1 + 1e-6


@given(strata=st.lists(st.integers(0, 500), min_size=1, max_size=6), ratios=shares)
def test_cells_meet_both_their_row_and_their_column(strata: list[int], ratios: np.ndarray) -> None:
    rows = np.array(strata)
    sizes = cell_sizes(rows, ratios)

    assert (sizes >= 0).all()
    assert sizes.sum(axis=1).tolist() == strata
    assert sizes.sum(axis=0).tolist() == largest_remainder(int(rows.sum()), ratios).tolist()
    assert np.abs(sizes - np.outer(rows, ratios)).max() <= 1 + 1e-6


@given(
    strata=st.lists(st.integers(0, 4), min_size=1, max_size=300),
    ratios=shares,
    seed=st.integers(0, 1_000),
)
def test_shuffled_parts_have_the_sizes_of_their_cells(
    strata: list[int], ratios: np.ndarray, seed: int
) -> None:
    codes = np.array(strata)
    part = shuffled_parts(len(codes), codes, ratios, np.random.default_rng(seed))

    held = np.bincount(codes)
    counts = np.bincount(codes * len(ratios) + part, minlength=len(held) * len(ratios))
    assert (counts.reshape(len(held), len(ratios)) == cell_sizes(held, ratios)).all()


def test_every_order_of_the_labels_is_as_likely_as_any_other() -> None:
    random, ratios = np.random.default_rng(2), np.array([0.4, 0.4, 0.2])
    drawn = [tuple(shuffled_parts(5, None, ratios, random).tolist()) for _ in range(6_000)]

    # two of the first, two of the second and one of the third: 30 orders
    _, counts = np.unique(np.array(drawn), axis=0, return_counts=True)
    assert len(counts) == 30
    assert stats.chisquare(counts).pvalue > 0.001
