"""Splits of targets that are not one of two classes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.columns import Columns
from experiment_cycle.errors import DataError
from experiment_cycle.problem import Task
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.manifest import describe_split
from experiment_cycle.splitting.options import SplittingOptions, Strategy
from experiment_cycle.splitting.parts import PARTS
from experiment_cycle.splitting.records import SplitManifest
from experiment_cycle.splitting.strategies import assign
from experiment_cycle.splitting.verify import verify_split

Save = Callable[[Any], Snapshot]


def split(
    snapshot: Snapshot, columns: Columns, strategy: Strategy, task: Task, seed: int = 0
) -> tuple[pd.Series, SplitManifest]:
    options = SplittingOptions(strategy=strategy)
    assignment = assign(snapshot, columns, options, seed, task=task)
    manifest = describe_split(snapshot, assignment, columns, options, seed, "c" * 64, task=task)
    assert verify_split(snapshot, assignment, manifest, columns, options) == []
    return assignment["split"].astype(str), manifest


def test_a_count_is_no_class_so_that_rare_ones_need_not_be_in_every_part(save: Save) -> None:
    counts = np.r_[np.repeat([0, 1, 2, 3], 100), [11, 12]]
    snapshot = save(pd.DataFrame({"y": counts, "x": 1}))

    parts, manifest = split(snapshot, Columns(target="y"), "stratified", "regression")

    assert manifest.guarantees["every_target_bin_in_every_part"]
    assert manifest.task == "regression"
    assert (pd.crosstab(counts, parts).loc[[0, 1, 2], list(PARTS)] == [70, 15, 15]).all(axis=None)
    of_test = float(counts[parts == "test"].mean())
    assert manifest.parts["test"].target_mean == pytest.approx(of_test)
    assert manifest.parts["test"].positive_share is None
    with pytest.raises(DataError, match="no row of the class '11'"):
        split(snapshot, Columns(target="y"), "stratified", "classification")


def test_many_numbered_classes_are_classes(save: Save) -> None:
    classes = np.repeat(np.arange(40), 20)

    parts, manifest = split(
        save(pd.DataFrame({"y": classes, "x": 1})),
        Columns(target="y"),
        "stratified",
        "classification",
    )

    assert (pd.crosstab(classes, parts)[list(PARTS)] == [14, 3, 3]).all(axis=None)
    assert manifest.guarantees["every_class_in_every_part"]


def test_where_one_level_is_told_from_all_others_rare_others_may_be_lacking(save: Save) -> None:
    levels = np.r_[np.repeat(["a", "b", "c"], 40), ["d"]]
    snapshot = save(pd.DataFrame({"y": levels, "x": 1}))

    parts, manifest = split(
        snapshot, Columns(target="y", positive="a"), "stratified", "classification"
    )

    assert parts[levels == "a"].value_counts()[list(PARTS)].tolist() == [28, 6, 6]
    assert manifest.parts["test"].positive_share == pytest.approx(1 / 3, abs=0.01)
    with pytest.raises(DataError, match="no row of the class 'd'"):
        split(snapshot, Columns(target="y"), "stratified", "classification")


def test_a_class_that_a_part_lacks_is_told_with_its_part(save: Save, caplog: Any) -> None:
    levels = np.r_[np.repeat(["a", "b"], 50), ["c"]]
    order = np.r_[100, 0:100]
    frame = pd.DataFrame({"y": levels[order], "t": range(101), "x": 1})

    with caplog.at_level(logging.WARNING):
        parts, manifest = split(
            save(frame.assign(t=[0, *np.random.default_rng(0).permutation(100) + 1])),
            Columns(target="y", time="t"),
            "time",
            "classification",
        )

    assert parts[0] == "train"
    assert "validation has no row of the class 'c'; test has no row of the class 'c'" in caplog.text
    assert not manifest.guarantees["every_class_in_every_part"]
    last = frame.assign(t=[101, *range(100)])
    with pytest.raises(DataError, match="train has no row of the class 'c'"):
        split(save(last), Columns(target="y", time="t"), "time", "classification")


@pytest.mark.parametrize("strategy", ["random", "stratified", "group", "stratified_group"])
@pytest.mark.parametrize("seed", [0, 1])
def test_queries_of_a_ranking_stay_whole_whatever_the_strategy(
    save: Save, strategy: Strategy, seed: int
) -> None:
    random = np.random.default_rng(seed)
    queries = np.repeat(np.arange(120), 5)
    relevance = np.where(random.random(600) < 0.1, random.integers(1, 5, 600), 0)
    frame = pd.DataFrame({"q": queries, "y": relevance, "x": 1}).sample(frac=1, random_state=seed)

    parts, manifest = split(save(frame), Columns(target="y", query="q"), strategy, "ranking", seed)

    assert parts.groupby(frame["q"].to_numpy()).nunique().max() == 1
    assert manifest.guarantees["queries_undivided"]
    assert manifest.parts["test"].rows == 90
    if strategy.startswith("stratified"):
        relevant = (frame["y"].to_numpy() > 0).astype(float)
        shares = pd.Series(relevant).groupby(parts).mean()
        assert shares.max() - shares.min() < 0.02
