"""Looks at test sets of one family spend one budget, however the set was drawn anew."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiment_cycle.columns import Columns
from experiment_cycle.decision.families import SKETCHED, Sketch, TestSet
from experiment_cycle.decision.ledger import Ledger
from experiment_cycle.decision.spending import granted_level

ALPHA = 0.05


def keys_of(numbers: Iterable[int]) -> np.ndarray[Any, np.dtype[np.uint64]]:
    return pd.util.hash_array(np.asarray(list(numbers), dtype=np.int64))


def a_test_set(
    tested: Iterable[int],
    everything: Iterable[int] = (),
    types: dict[str, str] | None = None,
    **roles: str,
) -> TestSet:
    """Test rows among all rows of the data, each row known by a number."""
    tested, everything = keys_of(tested), keys_of(everything)
    frames = [pd.DataFrame({"unit": keys}) for keys in (tested, everything)]
    columns = Columns.model_validate({"target": "y", **roles})
    return TestSet.of(*frames, columns, types or {"x": "double"})


def joins(new: TestSet, *old: TestSet) -> bool:
    return new.joins([json.loads(json.dumps(each.write())) for each in old])


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 6), st.integers(0, 20_000), st.integers(1, 20_000), st.integers(0, 20_000))
def test_the_share_in_common_is_told_from_the_sketches(
    seed: int, shared: int, own: int, others: int
) -> None:
    numbers = np.random.default_rng(seed).permutation(shared + own + others)
    one, two = numbers[: shared + own], np.r_[numbers[:shared], numbers[shared + own :]]
    share = Sketch.of(keys_of(one)).share_in(Sketch.of(keys_of(two)))

    true = shared / (shared + own)
    seen = min(SKETCHED, shared + own) * min(1.0, SKETCHED / max(len(two), 1))
    if max(len(one), len(two)) <= SKETCHED:
        assert share == pytest.approx(true)
    assert abs(share - true) <= 5 * np.sqrt(true * (1 - true) / max(seen, 1)) + 2 / max(seen, 1)


@given(st.sets(st.integers(0, 10_000)), st.sets(st.integers(0, 10_000)))
def test_sketches_join_as_sets_do(one: set[int], two: set[int]) -> None:
    joined = Sketch.of(keys_of(one)).join(Sketch.of(keys_of(two)))

    assert joined.keys.tolist() == Sketch.of(keys_of(one | two)).keys.tolist()


def test_sketches_of_many_join_as_sets_do() -> None:
    one, two = range(30_000), range(20_000, 90_000)
    joined = Sketch.of(keys_of(one)).join(Sketch.of(keys_of(two)))
    whole = Sketch.of(keys_of(range(90_000)))

    assert joined.keys.tolist() == whole.keys[: len(joined.keys)].tolist()
    assert len(joined.keys) == SKETCHED
    assert not joined.whole


def test_a_test_set_drawn_anew_from_the_same_data_joins() -> None:
    first = a_test_set(range(100), range(1000), identifier="id")

    assert joins(a_test_set(range(500, 600), range(1000), identifier="id"), first)


def test_rows_added_to_a_test_set_refill_no_budget() -> None:
    first = a_test_set(range(100), range(1000), identifier="id")

    assert joins(a_test_set([*range(100), 5000], range(1000), identifier="id"), first)


@pytest.mark.parametrize(("known", "joined"), [(5, False), (6, True), (0, False)])
def test_a_set_is_another_family_when_95_of_100_units_are_new(known: int, joined: bool) -> None:
    first = a_test_set(range(100), range(1000), identifier="id")
    tested = [*range(900, 900 + known), *range(2000, 2100 - known)]

    assert joins(a_test_set(tested, range(3000), identifier="id"), first) == joined


def test_another_target_is_another_family() -> None:
    first = a_test_set(range(100), range(1000), identifier="id")

    assert not joins(a_test_set(range(100), range(1000), target="z", identifier="id"), first)


@pytest.mark.parametrize("roles", [{}, {"identifier": "other"}, {"group": "g"}])
def test_rows_known_by_something_else_refill_no_budget(roles: dict[str, str]) -> None:
    first = a_test_set(range(100), range(1000), identifier="id")

    assert joins(a_test_set(range(5000, 5100), range(5000, 6000), **roles), first)


def test_an_added_column_refills_no_budget_where_rows_are_known_by_their_values() -> None:
    first = a_test_set(range(100), range(1000))
    tested, everything = range(5000, 5100), range(5000, 6000)

    assert joins(a_test_set(tested, everything, {"x": "double", "new": "double"}), first)
    assert joins(a_test_set(tested, everything, {"x": "varchar"}), first)
    assert not joins(a_test_set(tested, everything), first)


def test_a_set_of_two_families_counts_in_both_and_the_most_spent_grants(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")

    def look(tested: TestSet, name: str, planned: int | None = None) -> Any:
        return ledger.reserve(tested, {"models": name}, ALPHA, "H1", planned)

    one = a_test_set(range(100), identifier="id")
    two = a_test_set(range(1000, 1100), identifier="id")
    for name in "abc":
        look(one, name)
    assert look(two, "d").number == 1
    both = a_test_set([*range(50), *range(1000, 1050)], identifier="id")
    assert look(both, "e").number == 4
    assert look(both, "e").alpha == granted_level(ALPHA, 4)
    assert look(one, "f").number == 5
    assert look(two, "g").number == 3
    ledger.record_promotion(look(both, "e"))
    assert [look(each, "h" + str(place)).number for place, each in enumerate((one, two))] == [1, 1]


def test_planned_looks_are_alpha_by_their_number_and_no_more(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    tested = a_test_set(range(100), identifier="id")
    looks = [ledger.reserve(tested, {"models": name}, ALPHA, "H1", 2) for name in "ab"]
    ledger.record_promotion(looks[1])
    third = ledger.reserve(tested, {"models": "c"}, ALPHA, "H1", 2)

    assert [each.alpha for each in looks] == [ALPHA / 2] * 2
    assert (third.number, third.alpha) == (3, 0.0)


def test_a_million_units_take_one_short_line(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.reserve(a_test_set(range(1_000_000), identifier="id"), {"models": "a"}, ALPHA, "H1")

    assert ledger.path.stat().st_size < 60_000
