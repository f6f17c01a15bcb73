from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from experiment_cycle.columns import Columns
from experiment_cycle.errors import ConfigurationError, DataError
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.manifest import describe_split
from experiment_cycle.splitting.moments import read_moments
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.rounding import largest_remainder
from experiment_cycle.splitting.strategies import PARTS, assign
from experiment_cycle.splitting.time import find_cuts

Save = Callable[[Any], Snapshot]

SHARED = Path(__file__).parents[3] / "shared" / "data"
COLUMNS = Columns(target="y", time="day")
SHARES = np.array([0.7, 0.15, 0.15])


def options(**given: Any) -> SplittingOptions:
    return SplittingOptions.model_validate({"strategy": "time", **given})


def table(days: Any) -> pd.DataFrame:
    """Rows of these days, in a mixed order; every second one is positive."""
    frame = pd.DataFrame({"day": days, "y": np.arange(len(days)) % 2 == 0})
    return frame.sample(frac=1, random_state=3).reset_index(drop=True)


def split_by_day(assignment: pd.DataFrame, frame: pd.DataFrame) -> list[str]:
    return assignment["split"].astype(str).groupby(frame["day"]).first().tolist()


def test_a_hundred_days_are_cut_at_the_seventieth_and_the_eighty_fifth(save: Save) -> None:
    frame = table(np.arange(100))

    split = split_by_day(assign(save(frame), COLUMNS, options(), 0), frame)

    assert split == ["train"] * 70 + ["validation"] * 15 + ["test"] * 15


def test_a_horizon_purges_rows_whose_label_is_known_too_late(save: Save) -> None:
    frame = table(np.arange(100))
    assignment = assign(save(frame), COLUMNS, options(label_horizon=3), 0)

    # the label of day 67 is known on day 70, when validation begins; that of day 68 is not
    split = split_by_day(assignment, frame)
    assert split[:70] == ["train"] * 68 + ["purged"] * 2
    assert split[70:85] == ["validation"] * 13 + ["purged"] * 2
    assert split[85:] == ["test"] * 15
    assert (assignment["reason"].dropna() == "label_horizon").all()


def test_a_lookback_keeps_later_rows_away_that_reach_back(save: Save) -> None:
    frame = table(np.arange(100))
    assignment = assign(save(frame), COLUMNS, options(feature_lookback=4), 0)

    # day 72 looks back as far as day 68, which is in train; day 73 looks back to the last one
    split = split_by_day(assignment, frame)
    assert split[:73] == ["train"] * 70 + ["purged"] * 3
    assert split[85:] == ["purged"] * 3 + ["test"] * 12
    assert (assignment["reason"].dropna() == "feature_lookback").all()


def test_a_purge_counts_for_the_embargo(save: Save) -> None:
    frame = table(np.arange(100))

    assignment = assign(save(frame), COLUMNS, options(label_horizon=3, feature_lookback=3), 0)

    assert (assignment["reason"].dropna() == "label_horizon").all()


def test_the_manifest_counts_the_purged_rows_and_tells_why_sizes_differ(save: Save) -> None:
    frame = table(pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(100), unit="D"))
    snapshot, asked = save(frame), options(label_horizon="3d", feature_lookback="5d")
    assignment = assign(snapshot, COLUMNS, asked, 0)

    manifest = describe_split(snapshot, assignment, COLUMNS, asked, 0, "c" * 64)

    assert manifest.purged == {"label_horizon": 4, "feature_lookback": 4}
    assert manifest.boundaries == {
        "validation": "2024-03-11T00:00:00.000000",
        "test": "2024-03-26T00:00:00.000000",
    }
    assert [(each.part, each.requested, each.got) for each in manifest.deviations] == [
        ("train", 70, 68),
        ("validation", 15, 11),
        ("test", 15, 13),
    ]
    assert manifest.deviations[0].reason == (
        "4 rows are in no part (the label is not known before the next part begins); "
        "4 rows are in no part (the features reach back into the part before)"
    )
    assert manifest.guarantees["ordered_in_time"]
    assert manifest.guarantees["gaps_cover_label_horizon"]
    assert manifest.guarantees["gaps_cover_feature_lookback"]


@example(days=[0, 0, 1, 1, 2, 2, 2, 2, 3], shares=np.array([0.4, 0.3, 0.3]))
@settings(max_examples=100, deadline=None)
@given(
    days=st.lists(st.integers(0, 25), min_size=3, max_size=60).filter(lambda x: len(set(x)) >= 3),
    shares=st.tuples(*[st.integers(1, 5)] * 3).map(lambda parts: np.array(parts) / sum(parts)),
)
def test_no_other_moment_would_come_nearer(days: list[int], shares: np.ndarray) -> None:
    """The oracle tries every moment for each cut that the other one allows."""
    moments = read_moments(pd.Series(days, name="day"))
    first, second = find_cuts(moments, shares)

    values = np.array(days)
    ends = np.cumsum([(values < first).sum(), ((values >= first) & (values < second)).sum()])
    # what is asked for is rounded to whole rows first; rounding is tested in test_rounding.py
    wanted = np.cumsum(largest_remainder(len(days), shares))[:2]
    levels = sorted(set(days))
    free = [(levels[1:-1], first), ([level for level in levels if level > first], second)]
    for (choices, _), end, want in zip(free, ends, wanted, strict=True):
        best = min(abs((values < level).sum() - want) for level in choices)
        assert abs(end - want) == best
    assert values.min() < first < second <= values.max()


@pytest.mark.parametrize(
    "days",
    [
        pd.date_range("2024-01-01", periods=100, freq="D"),
        pd.date_range("2024-01-01", periods=100, freq="D", tz="Europe/Vienna"),
        pd.date_range("2024-01-01", periods=100, freq="D").strftime("%Y-%m-%d"),
        pd.date_range("2024-01-01", periods=100, freq="D").date,
        pd.Categorical(pd.date_range("2024-01-01", periods=100, freq="D").strftime("%Y-%m-%d")),
    ],
    ids=["dates", "with a zone", "text", "date objects", "levels"],
)
def test_dates_of_any_kind_are_cut_alike(save: Save, days: Any) -> None:
    frame = pd.DataFrame({"day": days, "y": np.arange(100) % 2 == 0})

    split = assign(save(frame), COLUMNS, options(label_horizon="36h"), 0)["split"].astype(str)

    assert split.tolist() == (
        ["train"] * 69 + ["purged"] + ["validation"] * 14 + ["purged"] + ["test"] * 15
    )


def test_a_duration_that_does_not_fit_the_column_is_refused(save: Save) -> None:
    dates = table(pd.date_range("2024-01-01", periods=100))

    with pytest.raises(ConfigurationError, match=r"label_horizon' is 30.*holds dates.*such as 30d"):
        assign(save(dates), COLUMNS, options(label_horizon=30), 0)
    with pytest.raises(ConfigurationError, match=r"holds numbers.*bare number"):
        assign(save(table(np.arange(100))), COLUMNS, options(feature_lookback="30d"), 0)


@pytest.mark.parametrize(
    ("days", "told"),
    [
        ([1.0, None, *range(98)], "no value in 1 of 100 rows"),
        ([np.inf, *range(99)], "infinite"),
        (["soon"] * 100, "neither dates nor numbers"),
        ([True, False] * 50, "neither dates nor numbers"),
        ([1] * 50 + [2] * 50, "has 2 moments"),
    ],
)
def test_a_time_column_that_tells_no_order_is_refused(save: Save, days: Any, told: str) -> None:
    with pytest.raises(DataError, match=rf"{told}.*Next step"):
        assign(save(table(days)), COLUMNS, options(), 0)


def test_a_horizon_that_empties_a_part_names_the_remedies(save: Save) -> None:
    with pytest.raises(DataError, match=r"validation has no row.*belong to no part.*label_horizon"):
        assign(save(table(np.arange(100))), COLUMNS, options(label_horizon=20), 0)


def test_the_seed_does_not_matter(save: Save) -> None:
    snapshot = save(table(np.arange(100)))

    one, other = (assign(snapshot, COLUMNS, options(label_horizon=2), seed) for seed in (0, 1))

    pd.testing.assert_frame_equal(one, other)


def test_a_query_over_a_boundary_is_left_out_as_a_whole(save: Save) -> None:
    frame = table(np.arange(100)).assign(list_=lambda rows: (rows["day"] + 5) // 10)
    columns = Columns(target="y", time="day", query="list_")

    assignment = assign(save(frame), columns, options(), 0)

    # the list of the days 65 to 74 lies on both sides of day 70
    torn = assignment[frame["list_"] == 7]
    assert (torn["split"] == "purged").all()
    assert (torn["reason"] == "query_not_whole").all()
    assert assignment["split"].astype(str).groupby(frame["list_"]).nunique().max() == 1


def test_rented_bicycles_are_split_by_the_hour(save: Save) -> None:
    file = SHARED / "bike_hour.csv"
    if not file.exists():
        pytest.skip("the folder of real data sets is not there")
    frame = pd.read_csv(file)
    frame["moment"] = pd.to_datetime(frame["dteday"]) + pd.to_timedelta(frame["hr"], unit="h")
    columns = Columns(target="cnt", time="moment", drop=("dteday", "casual", "registered"))
    asked = options(label_horizon="1d")
    snapshot = save(frame)

    assignment = assign(snapshot, columns, asked, 0)
    manifest = describe_split(snapshot, assignment, columns, asked, 0, "c" * 64)

    when = frame["moment"].groupby(assignment["split"].astype(str))
    for early, late in pairwise(PARTS):
        assert when.min()[late] - when.max()[early] >= pd.Timedelta(days=1)
    for part, share in zip(PARTS, SHARES, strict=True):
        assert manifest.parts[part].share == pytest.approx(share, abs=0.003)
    assert manifest.parts["test"].positive_share is None
    assert manifest.parts["test"].target_mean == pytest.approx(
        frame["cnt"][assignment["split"] == "test"].mean()
    )
