from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.errors import DataError
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.folds import (
    draw_folds,
    fold_rows,
    folds_of,
    nested_fold_rows,
    repeats_of,
)
from experiment_cycle.splitting.manifest import describe_split
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.strategies import assign

Save = Callable[[Any], Snapshot]

ROLES: dict[str, dict[str, str]] = {
    "random": {},
    "stratified": {},
    "group": {"group": "person"},
    "stratified_group": {"group": "person"},
    "time": {"time": "day"},
    "group_time": {"group": "person", "time": "day"},
    "key_hash": {"identifier": "number"},
}


def table(rows: int, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "y": random.random(rows) < 0.4,
            "number": np.arange(rows),
            "person": random.integers(0, rows // 4, rows),
            "day": random.integers(0, 90, rows),
        }
    )


def columns(strategy: str) -> Columns:
    spare = {"number", "person", "day"} - set(ROLES[strategy].values())
    return Columns.model_validate({"target": "y", "drop": sorted(spare), **ROLES[strategy]})


def options(strategy: str, folds: int = 5, repeats: int = 1, **given: Any) -> SplittingOptions:
    return SplittingOptions.model_validate(
        {
            "strategy": strategy,
            "cross_validation": {"folds": folds, "repeats": repeats},
            **given,
        }
    )


def check_nested(
    drawn: pd.DataFrame, place: tuple[int, int, int], frame: pd.DataFrame, strategy: str
) -> None:
    trains, tests = fold_rows(drawn, *place[:2])
    nested = nested_fold_rows(drawn, *place)
    timed = "time" in ROLES[strategy]
    assert (nested is None) == (timed and place[1] == 1)
    if nested is None:
        return
    within, validates, same_tests = nested
    assert (same_tests == tests).all()
    assert not ((within | validates) & ~trains).any()
    assert not (within & validates).any()
    if "group" in ROLES[strategy]:
        assert not set(frame["person"][within]) & set(frame["person"][validates])
    if timed and within.any() and validates.any():
        assert frame["day"][validates].min() >= frame["day"][within].max() + 3
    if not timed:
        assert ((within | validates) == trains).all()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    strategy=st.sampled_from(sorted(ROLES)),
    rows=st.integers(150, 400),
    folds=st.integers(3, 6),
    seed=st.integers(0, 1_000),
    test_share=st.sampled_from([0.0, 0.15]),
)
def test_folds_hold_what_splits_hold(
    save: Save, strategy: str, rows: int, folds: int, seed: int, test_share: float
) -> None:
    frame, roles = table(rows, seed), columns(strategy)
    timed = "time" in ROLES[strategy]
    repeats = 1 if timed else 2
    ratios = {"train": 0.85 - test_share, "validation": 0.15, "test": test_share}
    horizon = {"label_horizon": 3} if timed else {}
    asked = options(strategy, folds, repeats, ratios=ratios, **horizon)
    snapshot = save(frame)
    try:
        assignment = assign(snapshot, roles, asked, seed)
        drawn = draw_folds(snapshot, assignment, roles, asked, seed)
    except DataError:
        return

    assert drawn.index.equals(pd.RangeIndex(rows, name=ROW))
    assert repeats_of(drawn) == repeats
    assert folds_of(drawn) == folds
    inside = assignment["split"].isin(["train", "validation"]).to_numpy()
    for repeat in range(1, repeats + 1):
        tested = np.zeros(rows, dtype=int)
        for fold in range(1, folds + 1):
            trains, tests = fold_rows(drawn, repeat, fold)
            tested += tests
            assert not (trains & tests).any()
            assert not ((trains | tests) & ~inside).any()
            if "group" in ROLES[strategy]:
                assert not set(frame["person"][trains]) & set(frame["person"][tests])
            if timed and trains.any() and tests.any():
                assert frame["day"][tests].min() >= frame["day"][trains].max() + 3
            check_nested(drawn, (repeat, fold, folds), frame, strategy)
        if not timed:
            assert (tested == inside).all()
        else:
            assert tested.max() == 1
    manifest = describe_split(snapshot, assignment, roles, asked, seed, "c" * 64, folds=drawn)
    assert manifest.guarantees["folds_outside_test"]
    if "group" in ROLES[strategy]:
        assert manifest.guarantees["folds_keep_group"]
    if timed:
        assert manifest.guarantees["folds_ordered_in_time"]


def test_stratified_folds_have_the_same_share_of_each_class_to_the_row(save: Save) -> None:
    frame, asked = table(400), options("stratified", folds=10, repeats=3)
    snapshot = save(frame)
    assignment = assign(snapshot, columns("stratified"), asked, 0)

    folds = draw_folds(snapshot, assignment, columns("stratified"), asked, 0)

    inside = folds["repeat_1"] > 0
    for repeat in (1, 2, 3):
        counts = pd.crosstab(folds[f"repeat_{repeat}"][inside], frame["y"][inside])
        assert (counts.max() - counts.min() <= 1).all()
    assert (folds["repeat_1"] != folds["repeat_2"]).mean() > 0.5


def test_in_time_the_first_block_is_only_trained_on(save: Save) -> None:
    frame = pd.DataFrame({"day": np.arange(120), "y": np.arange(120) % 2 == 0})
    ratios = {"train": 0.8, "validation": 0.2, "test": 0.0}
    asked = options("time", folds=5, ratios=ratios, label_horizon=2)
    roles, snapshot = Columns(target="y", time="day"), save(frame)
    assignment = assign(snapshot, roles, asked, 0)

    folds = draw_folds(snapshot, assignment, roles, asked, 0)

    # the horizon left out the last day before validation: 119 days in six blocks
    inside = assignment["split"] != "purged"
    assert (~inside).sum() == 1
    blocks = folds["repeat_1"][inside].to_numpy()
    assert (np.diff(blocks) >= 0).all()
    assert np.bincount(blocks).tolist() == [20, 20, 20, 20, 20, 19]
    trains, tests = fold_rows(folds, 1, 1)
    assert frame["day"][trains].tolist() == list(range(19))
    assert frame["day"][tests].tolist() == list(range(20, 40))


def test_without_cross_validation_there_are_no_folds(save: Save) -> None:
    snapshot, asked = save(table(200)), SplittingOptions(strategy="random")
    assignment = assign(snapshot, columns("random"), asked, 0)

    folds = draw_folds(snapshot, assignment, columns("random"), asked, 0)

    assert folds.shape == (200, 0)
    assert repeats_of(folds) == 0


def test_more_folds_than_groups_are_refused(save: Save) -> None:
    frame = table(200).assign(person=lambda rows: rows["number"] % 6)
    snapshot, asked = save(frame), options("group", folds=20)
    assignment = assign(snapshot, columns("group"), asked, 0)

    with pytest.raises(DataError, match=r"20 folds cannot be made of \d groups.*Next step"):
        draw_folds(snapshot, assignment, columns("group"), asked, 0)
