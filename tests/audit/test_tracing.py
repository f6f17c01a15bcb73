"""Test rows are found again in other tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from experiment_cycle.audit.tracing import Cut
from experiment_cycle.columns import Columns
from experiment_cycle.errors import DataError
from experiment_cycle.splitting.parts import PARTS, part_codes

PART = npst.arrays(np.int8, 30, elements=st.integers(0, 3))
GROUPS = npst.arrays(np.int64, 30, elements=st.integers(0, 9))


def cut(part: np.ndarray, groups: np.ndarray, **keys: str) -> Cut:
    frame = pd.DataFrame({"x": np.arange(30.0), "g": groups, "y": np.arange(30) % 2})
    return Cut(frame, part, Columns(target="y", **keys))


@given(PART, GROUPS)
def test_in_a_table_of_groups_only_those_wholly_in_test_are_found(
    part: np.ndarray, groups: np.ndarray
) -> None:
    table = pd.DataFrame({"g": np.arange(10), "size": np.bincount(groups, minlength=10)})

    found = cut(part, groups, group="g").find_test_rows(table)

    assert found is not None
    expected = [
        bool((groups == group).any() and (part[groups == group] == 2).all()) for group in range(10)
    ]
    assert found[0].tolist() == expected


@given(PART, GROUPS)
def test_a_table_with_the_same_rows_is_known_by_place(part: np.ndarray, groups: np.ndarray) -> None:
    here = cut(part, groups)
    table = here.frame[["x"]].assign(more=1)

    found = here.find_test_rows(table)

    assert found is not None
    assert (found[0] == (part == 2)).all()
    kept = here.without_test_rows(table)
    assert kept is not None
    assert kept["x"].tolist() == np.flatnonzero(part != 2).tolist()
    assert here.find_test_rows(table.iloc[::-1]) is None
    assert here.find_test_rows(table.iloc[1:]) is None


@given(PART, st.permutations(range(30)), st.integers(1, 30))
def test_rows_that_moved_keep_their_part_by_their_identifier(
    part: np.ndarray, order: list[int], left: int
) -> None:
    here = cut(part, np.arange(30), identifier="g")
    table = here.frame.iloc[order[:left]].reset_index(drop=True)

    assignment = here.assign(table)

    assert (part_codes(assignment) == part[order[:left]]).all()
    new = table.assign(g=table["g"] + 100)
    assert (part_codes(here.assign(new)) == len(PARTS)).all()


def test_rows_without_a_key_cannot_come_or_go() -> None:
    here = cut(np.zeros(30, dtype=np.int8), np.arange(30))

    with pytest.raises(DataError, match=r"declare columns\.identifier"):
        here.assign(here.frame.iloc[:20])
