from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiment_cycle.columns import Columns
from experiment_cycle.errors import DataError
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.inherit import ChampionSplit
from experiment_cycle.splitting.manifest import describe_split, split_keys
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.strategies import assign
from experiment_cycle.splitting.verify import verify_split

Save = Callable[[Any], Snapshot]

GROUPED = Columns(target="y", group="person", drop=("number", "list_", "day"))
ROLES = {
    "random": Columns(target="y", drop=("number", "person", "list_", "day")),
    "stratified": Columns(target="y", identifier="number", drop=("person", "list_", "day")),
    "group": GROUPED,
    "stratified_group": GROUPED,
    "time": Columns(target="y", time="day", drop=("number", "person", "list_")),
    "group_time": Columns(target="y", group="person", time="day", drop=("number", "list_")),
}


def table(rows: int, seed: int = 0, twins: bool = False) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "y": random.random(rows) < 0.4,
            "number": np.arange(rows),
            "person": random.integers(0, max(2, rows // 4), rows),
            "list_": np.arange(rows) // 3,
            "day": np.sort(random.integers(0, 100, rows)),
            "x": random.integers(0, 3, rows) if twins else random.normal(size=rows),
        }
    )


def champion_of(
    snapshot: Snapshot,
    columns: Columns,
    options: SplittingOptions,
    seed: int = 0,
    before: ChampionSplit | None = None,
) -> tuple[ChampionSplit, pd.DataFrame]:
    """Split as a champion's cycle did, and keep of it what is registered."""
    assignment = assign(snapshot, columns, options, seed, before)
    manifest = describe_split(
        snapshot, assignment, columns, options, seed, "c" * 64, champion=before
    )
    return ChampionSplit(1, manifest, split_keys(snapshot, assignment, columns)), assignment


@pytest.mark.parametrize("strategy", sorted(ROLES))
@pytest.mark.parametrize("twins", [False, True])
def test_unchanged_data_are_split_alike_whatever_the_seed(
    save: Save, strategy: str, twins: bool
) -> None:
    snapshot = save(table(400, twins=twins))
    options = SplittingOptions.model_validate({"strategy": strategy})
    champion, first = champion_of(snapshot, ROLES[strategy], options)

    again = assign(snapshot, ROLES[strategy], options, 99, champion)

    pd.testing.assert_series_equal(again["split"], first["split"])


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    strategy=st.sampled_from(sorted(ROLES)),
    rows=st.integers(80, 200),
    more=st.integers(0, 60),
    lost=st.integers(0, 20),
    seed=st.integers(0, 1_000),
)
def test_old_rows_stay_when_rows_come_and_go(
    save: Save, strategy: str, rows: int, more: int, lost: int, seed: int
) -> None:
    """A row may leave its part for none, but never for another one."""
    whole = table(rows + more, seed)
    columns = ROLES[strategy]
    options = SplittingOptions.model_validate({"strategy": strategy})
    old = whole.sample(rows, random_state=seed)
    now = pd.concat([old.iloc[lost:], whole.drop(old.index)]).sample(frac=1, random_state=seed)
    try:
        champion, first = champion_of(save(old.reset_index(drop=True)), columns, options)
        snapshot = save(now.reset_index(drop=True))
        later = assign(snapshot, columns, options, seed, champion)
    except DataError:
        return
    was = pd.Series(first["split"].astype(str).to_numpy(), index=old["number"].to_numpy())
    is_now = pd.Series(later["split"].astype(str).to_numpy(), index=now["number"].to_numpy())
    common = was.index.intersection(is_now.index)
    moved = (was[common] != is_now[common]) & (is_now[common] != "purged")

    assert not (moved & (was[common] != "purged")).any()
    if strategy in {"random", "stratified", "group", "stratified_group"}:
        assert (was[common] == is_now[common]).all()
    if columns.group is not None:
        kept = later["split"].astype(str).to_numpy() != "purged"
        parts = pd.Series(later["split"].astype(str).to_numpy()[kept])
        assert parts.groupby(now["person"].to_numpy()[kept]).nunique().max() == 1
    manifest = describe_split(snapshot, later, columns, options, seed, "c" * 64, champion=champion)
    assert manifest.guarantees["old_rows_not_moved"]
    assert manifest.inherited is not None
    assert manifest.inherited.new_rows == more
    assert verify_split(snapshot, later, manifest, columns, options, champion) == []


def test_new_groups_are_placed_by_their_key_whatever_else_is_new(save: Save) -> None:
    options = SplittingOptions()
    champion, _ = champion_of(save(table(400)), GROUPED, options)
    new = table(200, seed=1).assign(person=lambda rows: rows["person"] + 1_000)

    def parts(added: pd.DataFrame, seed: int) -> pd.Series:
        frame = pd.concat([table(400), added], ignore_index=True)
        split = assign(save(frame), GROUPED, options, seed, champion)["split"].astype(str)
        return split.iloc[400:].groupby(frame["person"].iloc[400:]).first()

    all_of_them, some = parts(new, 0), parts(new[new["person"] % 2 == 0], 5)
    assert (all_of_them[some.index] == some).all()
    assert set(all_of_them) == {"train", "validation", "test"}


def test_a_unit_that_would_bridge_train_and_test_is_dropped_from_test(save: Save) -> None:
    columns = Columns(target="y", group="person", identifier="number", drop=("list_", "day"))
    options, frame = SplittingOptions(), table(400)
    champion, first = champion_of(save(frame), columns, options)
    trained = frame["person"][first["split"] == "train"].iloc[0]
    tested = frame["person"][first["split"] == "test"].iloc[0]

    # it turns out that two persons are one
    merged = frame.assign(person=frame["person"].replace({tested: trained}))
    later = assign(save(merged), columns, options, 0, champion)

    of_tested = frame["person"] == tested
    assert (later["split"][of_tested] == "purged").all()
    assert (later["reason"][of_tested] == "bridges").all()
    assert (later["split"][frame["person"] == trained] == "train").all()
    others = [split["split"].astype(str)[~of_tested].tolist() for split in (first, later)]
    assert others[0] == others[1]


def test_what_was_dropped_once_stays_out(save: Save) -> None:
    columns = Columns(target="y", group="person", identifier="number", drop=("list_", "day"))
    options, frame = SplittingOptions(), table(400)
    champion, first = champion_of(save(frame), columns, options)
    trained = frame["person"][first["split"] == "train"].iloc[0]
    tested = frame["person"][first["split"] == "test"].iloc[0]
    snapshot = save(frame.assign(person=frame["person"].replace({tested: trained})))
    second, later = champion_of(snapshot, columns, options, before=champion)

    again = assign(snapshot, columns, options, 7, second)

    pd.testing.assert_series_equal(
        again["split"].astype(str), later["split"].astype(str), check_names=False
    )


def test_a_query_that_joins_two_groups_goes_with_the_earlier_part(save: Save) -> None:
    columns = Columns(target="y", group="person", query="list_", drop=("number", "day"))
    frame = table(400).assign(list_=lambda rows: rows["person"])
    options = SplittingOptions()
    champion, first = champion_of(save(frame), columns, options)
    trained = frame["person"][first["split"] == "train"].iloc[0]
    tested = frame["person"][first["split"] == "test"].iloc[0]
    link = frame.head(2).assign(person=[trained, tested], list_=9_999)

    grown = pd.concat([frame, link], ignore_index=True)
    later = assign(save(grown), columns, options, 0, champion)["split"].astype(str)

    assert (later[grown["person"] == trained] == "train").iloc[:-1].all()
    assert (later.iloc[:400][frame["person"] == tested] == "purged").all()
    assert later.groupby(grown["list_"]).nunique().max() == 1


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"strategy": "stratified", "override_reason": "a test"}, "strategy was stratified_group"),
        ({"ratios": {"train": 0.6, "validation": 0.2, "test": 0.2}}, "ratios.test was 0.15"),
        ({"split_salt": "other"}, "split_salt was 1 and is other"),
    ],
)
def test_other_settings_start_anew_with_a_warning(
    save: Save, caplog: pytest.LogCaptureFixture, changed: dict[str, Any], told: str
) -> None:
    snapshot = save(table(400))
    champion, _ = champion_of(snapshot, GROUPED, SplittingOptions())
    options = SplittingOptions.model_validate(changed)

    with caplog.at_level(logging.WARNING):
        later = assign(snapshot, GROUPED, options, 3, champion)

    assert told in caplog.text
    assert "cannot be compared" in caplog.text
    pd.testing.assert_frame_equal(later, assign(snapshot, GROUPED, options, 3))


def test_another_dataset_inherits_nothing(save: Save, caplog: pytest.LogCaptureFixture) -> None:
    champion, _ = champion_of(save(table(400)), GROUPED, SplittingOptions())
    other = save(table(400, seed=8).assign(person=lambda rows: rows["person"] + 10_000))

    with caplog.at_level(logging.WARNING):
        later = assign(other, GROUPED, SplittingOptions(), 3, champion)

    assert "not one row of the champion's" in caplog.text
    pd.testing.assert_frame_equal(later, assign(other, GROUPED, SplittingOptions(), 3))


def test_nothing_is_inherited_if_not_wanted(save: Save, caplog: pytest.LogCaptureFixture) -> None:
    snapshot = save(table(400))
    champion, _ = champion_of(snapshot, GROUPED, SplittingOptions())
    options = SplittingOptions(inherit="none")

    later = assign(snapshot, GROUPED, options, 3, champion)

    assert not caplog.records
    pd.testing.assert_frame_equal(later, assign(snapshot, GROUPED, options, 3))


def test_time_goes_on_and_the_boundaries_stay(save: Save) -> None:
    columns, options = ROLES["time"], SplittingOptions(strategy="time")
    frame = table(400)
    champion, _ = champion_of(save(frame), columns, options)
    new = table(100, seed=2).assign(day=lambda rows: rows["day"] + 100)

    grown = pd.concat([frame, new], ignore_index=True)
    later = assign(save(grown), columns, options, 0, champion)["split"]
    anew = assign(save(grown), columns, SplittingOptions(strategy="time", inherit="none"), 0)

    assert (later.iloc[400:] == "test").all()
    assert (anew["split"] == "test").sum() < (later == "test").sum()
