from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.leakage.group_overlap import check

Save = Callable[[Any], Snapshot]

COLUMNS = Columns(target="y", group="person")


def split_as(parts: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"split": parts}, index=pd.RangeIndex(len(parts), name=ROW))


def test_groups_on_one_side_each_pass(save: Save) -> None:
    snapshot = save(pd.DataFrame({"person": ["a", "a", "b", "c"], "y": [0, 1, 0, 1]}))

    finding = check(snapshot, split_as(["train", "train", "validation", "test"]), COLUMNS)

    assert (finding.code, finding.status) == ("LEAK001", "passed")
    assert "None of the 3 groups" in finding.message
    assert finding.evidence["groups_divided"] == 0


def test_a_single_group_on_two_sides_fails_with_its_name_and_rows(save: Save) -> None:
    person = ["a", "a", "b", "b", "b", "c", "d"]
    snapshot = save(pd.DataFrame({"person": person, "y": [0, 1] * 3 + [0]}))
    parts = ["train", "train", "train", "test", "test", "test", "validation"]

    finding = check(snapshot, split_as(parts), COLUMNS)

    assert (finding.status, finding.severity) == ("failed", "high")
    assert "1 of 4 groups ('person')" in finding.message
    assert "2 of 3 test rows" in finding.message
    assert finding.evidence["rows_of_divided_groups"] == 3
    assert finding.evidence["first_divided_groups"] == ["b"]


def test_train_and_validation_are_two_sides_as_well(save: Save) -> None:
    snapshot = save(pd.DataFrame({"person": [1, 1, 2], "y": [0, 1, 0]}))

    finding = check(snapshot, split_as(["train", "validation", "test"]), COLUMNS)

    assert finding.status == "failed"
    assert finding.evidence["test_rows_of_divided_groups"] == 0


def test_only_the_first_groups_are_named(save: Save) -> None:
    person = np.repeat(np.arange(1_000), 2)
    snapshot = save(pd.DataFrame({"person": person, "y": person % 2}))

    finding = check(snapshot, split_as(["train", "test"] * 1_000), COLUMNS)

    assert finding.evidence["groups_divided"] == 1_000
    assert finding.evidence["first_divided_groups"] == ["0", "1", "2", "3", "4"]


def test_without_a_group_column_the_check_is_not_applicable(save: Save) -> None:
    snapshot = save(pd.DataFrame({"person": [1, 1], "y": [0, 1]}))

    finding = check(snapshot, split_as(["train", "test"]), Columns(target="y"))

    assert finding.status == "not_applicable"
    assert "columns.group" in finding.message
