from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.columns import Columns
from experiment_cycle.errors import DataError
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.manifest import describe_split
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.strategies import assign

Save = Callable[[Any], Snapshot]


def options(**given: Any) -> SplittingOptions:
    return SplittingOptions.model_validate({"strategy": "predefined", "column": "part", **given})


def table() -> pd.DataFrame:
    frame = pd.DataFrame({"day": np.arange(100), "y": np.arange(100) % 2 == 0})
    frame["part"] = np.repeat(["train", "validation", "test"], [60, 20, 20])
    return frame.assign(person=frame["day"] // 5, list_=frame["day"] // 4)


def columns(**roles: str) -> Columns:
    spare = {"day", "part", "person", "list_"} - set(roles.values())
    return Columns.model_validate({"target": "y", "drop": sorted(spare), **roles})


@pytest.mark.parametrize("kind", ["str", "category", "object"])
def test_the_column_is_obeyed(save: Save, kind: str) -> None:
    frame = table().sample(frac=1, random_state=0).reset_index(drop=True)
    frame["part"] = frame["part"].astype(kind)
    snapshot = save(frame)

    assignment = assign(snapshot, columns(), options(), 0)
    manifest = describe_split(snapshot, assignment, columns(), options(), 0, "c" * 64)

    assert assignment["split"].astype(str).tolist() == frame["part"].astype(str).tolist()
    assert manifest.guarantees["column_obeyed"]
    assert [each.reason for each in manifest.deviations] == ["the column 'part' says so"] * 3


def test_an_assignment_that_disobeys_the_column_is_found_out(save: Save) -> None:
    snapshot = save(table())
    assignment = assign(snapshot, columns(), options(), 0)
    swapped = assignment.iloc[::-1].set_axis(assignment.index)

    manifest = describe_split(snapshot, swapped, columns(), options(), 0, "c" * 64)

    assert not manifest.guarantees["column_obeyed"]


@pytest.mark.parametrize("word", ["Train", "dev", "", None])
def test_any_other_word_is_shown_with_its_row(save: Save, word: str | None) -> None:
    frame = table()
    frame.loc[7, "part"] = word

    with pytest.raises(DataError, match=r"for 1 of 100 rows something else.*\(row 7\).*Next step"):
        assign(save(frame), columns(), options(), 0)


def test_divided_groups_need_a_reason_and_divided_queries_have_none(save: Save) -> None:
    frame = table()
    frame.loc[59, "part"] = "test"
    snapshot = save(frame)
    excused = options(override_reason="a published split")

    with pytest.raises(DataError, match=r"same group on both sides.*1 groups.*override_reason"):
        assign(snapshot, columns(group="person"), options(), 0)
    assign(snapshot, columns(group="person"), excused, 0)
    with pytest.raises(DataError, match=r"same query on both sides.*1 queries"):
        assign(snapshot, columns(query="list_"), excused, 0)


def test_parts_out_of_order_in_time_need_a_reason(save: Save) -> None:
    frame = table().assign(day=lambda rows: -rows["day"])
    snapshot = save(frame)

    with pytest.raises(DataError, match=r"train before validation.*override_reason"):
        assign(snapshot, columns(time="day"), options(), 0)
    assign(snapshot, columns(time="day"), options(override_reason="a published split"), 0)


@pytest.mark.parametrize("key", ["label_horizon", "feature_lookback"])
def test_a_gap_smaller_than_declared_is_refused_even_with_a_reason(save: Save, key: str) -> None:
    frame = table()
    wide = frame.assign(day=lambda rows: rows["day"] + 9 * (rows["day"] // 20))
    given = {"override_reason": "a published split", key: 10}

    assign(save(wide), columns(time="day"), options(**given), 0)
    with pytest.raises(DataError, match=rf"gap.*smaller than 'splitting\.{key}' \(11\)"):
        assign(save(wide), columns(time="day"), options(**given | {key: 11}), 0)


def test_a_part_without_rows_is_refused(save: Save) -> None:
    frame = table().assign(part=np.repeat(["train", "test"], [60, 40]))

    with pytest.raises(DataError, match=r"validation has no row.*mend the column 'part'"):
        assign(save(frame), columns(), options(), 0)
