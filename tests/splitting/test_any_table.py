"""Any table, any ratios, any seed, each strategy: what a split promises, told anew with pandas."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.errors import DataError
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.manifest import describe_split
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.strategies import PARTS, assign
from experiment_cycle.splitting.verify import verify_split

Save = Callable[[Any], Snapshot]

relaxed = settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
ratios = st.tuples(*[st.integers(1, 8)] * 3).map(
    lambda parts: dict(zip(PARTS, (np.array(parts) / sum(parts)).tolist(), strict=True))
)
roles = {
    "random": ((), ("query",)),
    "stratified": ((), ("query",)),
    "group": (("group",), ("group", "query"), ("query",)),
    "stratified_group": (("group",), ("group", "query"), ("query",)),
    "time": (("time",), ("time", "query")),
    "group_time": (("group", "time"), ("group", "time"), ("group", "time", "query")),
    "key_hash": ((), ("identifier",), ("group",), ("query",), ("group", "query")),
}
KEPT = {"group", "stratified_group", "group_time", "key_hash"}


@st.composite
def cases(draw: st.DrawFn) -> tuple[pd.DataFrame, Columns, SplittingOptions, int]:
    """A table, the roles of its columns, and options that go with them."""
    strategy = draw(st.sampled_from(sorted(roles)))
    declared = draw(st.sampled_from(roles[strategy]))
    rows, seed = draw(st.integers(30, 150)), draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    dates = draw(st.booleans())
    moment = random.integers(0, draw(st.sampled_from([12, 60, 1_000])), rows)
    group = random.integers(0, draw(st.sampled_from([10, 40])), rows)
    if draw(st.booleans()):  # a group has its own stretch of time
        group = (moment + random.integers(0, 2, rows)) // max(1, int(moment.max()) // 15)
    target = {
        "two": random.random(rows) < 0.4,
        "three": random.integers(0, 3, rows),
        "number": random.normal(size=rows).round(draw(st.integers(1, 3))),
    }[draw(st.sampled_from(["two", "three", "number"]))]
    frame = pd.DataFrame(
        {
            "y": target,
            "identifier": random.permutation(rows),
            "group": group.astype(str),
            "query": random.integers(0, draw(st.sampled_from([15, 50])), rows),
            "time": np.datetime64("2024-01-01") + moment.astype("m8[D]") if dates else moment,
            "x": random.normal(size=rows),
        }
    )
    span = st.none() | st.integers(0, 4).map(lambda days: f"{days}d" if dates else days)
    timed = "time" in declared
    options = SplittingOptions.model_validate(
        {
            "strategy": strategy,
            "ratios": draw(ratios),
            "label_horizon": draw(span) if timed else None,
            "feature_lookback": draw(span) if timed else None,
        }
    )
    spare = {"identifier", "group", "query", "time"} - set(declared)
    columns = Columns(target="y", drop=tuple(spare), **{role: role for role in declared})
    return frame, columns, options, seed


def days(frame: pd.DataFrame) -> pd.Series:
    if frame["time"].dtype.kind != "M":
        return frame["time"]
    return (frame["time"] - pd.Timestamp("2024-01-01")) / pd.Timedelta(days=1)


def span_of(written: Any) -> float:
    return float(str(written.root).rstrip("d")) if written is not None else 0.0


@relaxed
@given(case=cases())
def test_what_a_split_promises_holds(
    save: Save, case: tuple[pd.DataFrame, Columns, SplittingOptions, int]
) -> None:
    frame, columns, options, seed = case
    snapshot = save(frame)
    try:
        assignment = assign(snapshot, columns, options, seed)
    except DataError:
        return
    split = assignment["split"]

    pd.testing.assert_frame_equal(assignment, assign(snapshot, columns, options, seed))
    assert assignment.index.equals(pd.RangeIndex(len(frame), name=ROW))
    assert set(split) <= {*PARTS, "purged"}
    kept = frame[split != "purged"]
    parts = split[split != "purged"].astype(str)
    assert set(parts) == set(PARTS)
    if columns.group is not None and options.strategy in KEPT:
        assert parts.groupby(kept["group"]).nunique().max() == 1
    if columns.query is not None:
        assert split.astype(str).groupby(frame["query"]).nunique().max() == 1
    if columns.time is not None:
        when = days(frame)
        gap = max(span_of(options.label_horizon), span_of(options.feature_lookback))
        for early, late in pairwise(PARTS):
            assert when[split == late].min() > when[split == early].max()
            assert when[split == late].min() >= when[split == early].max() + gap
    elif columns.query is None and options.strategy in {"random", "stratified"}:
        for part, share in options.ratios.model_dump().items():
            assert abs((split == part).sum() - share * len(frame)) < 1 + 1e-6
    if "reason" in assignment:
        assert (assignment["reason"].notna() == (split == "purged")).all()


@settings(relaxed, max_examples=25)
@given(case=cases())
def test_the_manifest_proves_it_and_the_split_can_be_made_again(
    save: Save, case: tuple[pd.DataFrame, Columns, SplittingOptions, int]
) -> None:
    frame, columns, options, seed = case
    snapshot = save(frame)
    try:
        assignment = assign(snapshot, columns, options, seed)
    except DataError:
        return
    manifest = describe_split(snapshot, assignment, columns, options, seed, "c" * 64)

    proved = {name for name, holds in manifest.guarantees.items() if not holds}
    spared = {"sizes_as_requested", "every_target_bin_in_every_part"}
    if frame["y"].nunique() > 2 and not options.strategy.startswith("stratified"):
        spared.add("every_class_in_every_part")
    assert proved <= spared
    assert sum(part.rows for part in manifest.parts.values()) + sum(
        manifest.purged.values()
    ) == len(frame)
    for deviation in manifest.deviations:
        assert manifest.parts[deviation.part].rows == deviation.got != deviation.requested
    assert verify_split(snapshot, assignment, manifest, columns, options) == []


@relaxed
@given(
    case=cases().filter(lambda case: case[2].strategy in {"random", "stratified"}),
    share=st.integers(1, 5),
)
def test_each_class_or_bin_gets_its_share_if_stratified(
    save: Save, case: tuple[pd.DataFrame, Columns, SplittingOptions, int], share: int
) -> None:
    frame, _, _, seed = case
    other = (1 - share / 10) / 2
    options = SplittingOptions.model_validate(
        {
            "strategy": "stratified",
            "ratios": {"train": 1 - share / 10 - other, "validation": other, "test": share / 10},
        }
    )
    drop = ("identifier", "group", "query", "time")
    try:
        split = assign(save(frame), Columns(target="y", drop=drop), options, seed)["split"]
    except DataError:
        return

    if frame["y"].dtype.kind == "f":
        # each half of a number is made of whole bins, give or take a tie and one row for each bin
        strata = frame["y"].rank(method="min") > len(frame) / 2
        allowed = 10 + frame["y"].value_counts().max()
    else:
        strata, allowed = frame["y"], 1 + 1e-6
    for _, rows in split.groupby(strata):
        assert abs((rows == "test").sum() - share / 10 * len(rows)) <= allowed


@relaxed
@given(rows=st.integers(60, 200), more=st.integers(1, 50), seed=st.integers(0, 1_000))
def test_by_key_hash_no_old_row_moves_when_rows_are_added(
    save: Save, rows: int, more: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "y": random.integers(0, 2, rows + more) == 1,
            "person": random.integers(0, (rows + more) // 2, rows + more),
            "x": random.normal(size=rows + more),
        }
    )
    options = SplittingOptions(strategy="key_hash")
    for columns in (
        Columns(target="y", group="person"),
        Columns(target="y", identifier="x", drop=("person",)),
        Columns(target="y", drop=("person",)),
    ):
        try:
            early = assign(save(frame.head(rows)), columns, options, 0)["split"]
            late = assign(save(frame.sample(frac=1, random_state=seed)), columns, options, 1)
        except DataError:
            continue
        late.index = frame.sample(frac=1, random_state=seed).index
        assert late["split"].sort_index().head(rows).tolist() == early.tolist()
