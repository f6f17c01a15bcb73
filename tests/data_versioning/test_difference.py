from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from experiment_cycle.columns import Columns
from experiment_cycle.data_versioning.changes.difference import (
    Difference,
    difference,
    moved_statistics,
)
from experiment_cycle.data_versioning.changes.rows import row_changes
from experiment_cycle.data_versioning.profile import profile
from experiment_cycle.snapshot import Snapshot

Save = Callable[[Any], Snapshot]
COLUMNS = Columns(target="y")
KEYED = Columns(target="y", identifier="id")


def compared(old: Snapshot, new: Snapshot, columns: Columns = COLUMNS) -> Difference:
    with row_changes(old, new, columns) as changes:
        return difference(changes)


def few_values(seed: int, rows: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    number = random.integers(0, 3, rows).astype(float)
    number[random.random(rows) < 0.2] = np.nan
    return pd.DataFrame(
        {
            "y": random.random(rows) < 0.5,
            "number": number,
            "word": pd.Series(random.choice(["a", "b", None], rows), dtype="str"),
        }
    )


def as_counter(frame: pd.DataFrame) -> Counter[tuple[Any, ...]]:
    return Counter(frame.astype(object).where(frame.notna(), None).itertuples(index=False))


@pytest.mark.parametrize("seed", range(8))
def test_rows_added_and_removed_are_those_of_a_multiset(save: Save, seed: int) -> None:
    old, new = few_values(seed, 200), few_values(seed + 100, 150 + 20 * seed)
    before, after = as_counter(old), as_counter(new)

    found = compared(save(old), save(new))

    assert found.recognised_by == "values"
    assert found.rows_changed is None
    assert found.rows_added == (after - before).total()
    assert found.rows_removed == (before - after).total()
    for name in old:
        went = as_counter(old[[name]]) - as_counter(new[[name]])
        came = as_counter(new[[name]]) - as_counter(old[[name]])
        assert found.columns[name].values_changed == min(went.total(), came.total())


def test_a_row_that_occurs_three_times_and_then_once_was_removed_twice(save: Save) -> None:
    old = pd.DataFrame({"y": [1, 1, 1, 0, 2]})
    new = pd.DataFrame({"y": [2, 0, 1]})

    found = compared(save(old), save(new))

    assert (found.rows_added, found.rows_removed) == (0, 2)


def test_the_order_of_the_rows_does_not_count(save: Save, raw_file: Path) -> None:
    frame = pd.read_parquet(raw_file)

    found = compared(save(frame), save(frame.sample(frac=1, random_state=0)))

    assert found.same_rows
    assert (found.old_rows, found.new_rows) == (len(frame), len(frame))


def test_rows_appended_and_corrected_are_told_apart_by_their_place(
    save: Save, raw_file: Path
) -> None:
    frame = pd.read_parquet(raw_file).rename(columns={"any_visit": "y"})
    new = pd.concat([frame, frame[:100]], ignore_index=True)
    new.loc[10:14, "lpi"] = -1.0
    new.loc[12:13, "idp"] = 7

    found = compared(save(frame), save(new))

    assert found.recognised_by == "place"
    assert (found.rows_added, found.rows_removed, found.rows_changed) == (100, 0, 5)
    changed = {name: c.values_changed for name, c in found.columns.items() if c.values_changed}
    assert changed == {"lpi": 5, "idp": 2}
    assert found.columns["lpi"].status == "changed"
    assert found.columns["disea"].status == "same"


def test_rows_with_an_identifier_are_recognised_wherever_they_stand(save: Save) -> None:
    random = np.random.default_rng(0)
    old = pd.DataFrame(
        {"id": np.arange(500), "y": random.random(500) < 0.5, "x": random.normal(size=500)}
    )
    new = old.copy()
    new.loc[new.index % 5 == 0, "x"] += 1.0
    new.loc[3, "y"] = not new.loc[3, "y"]
    more = old[:40].assign(id=np.arange(500, 540))
    new = pd.concat([new[50:], more, new[:20]]).sample(frac=1, random_state=1)

    found = compared(save(old), save(new), KEYED)

    both = old.merge(new, on="id", suffixes=("_old", "_new"))
    x, y = both["x_old"] != both["x_new"], both["y_old"] != both["y_new"]
    assert found.recognised_by == "identifier"
    assert (found.rows_added, found.rows_removed) == (40, 30)
    assert found.rows_changed == (x | y).sum() > 90
    assert found.columns["x"].values_changed == x.sum()
    assert found.columns["y"].values_changed == y.sum() == 1
    assert found.columns["id"].values_changed == 0


def test_an_identifier_that_is_given_twice_recognises_no_row(save: Save) -> None:
    old = pd.DataFrame({"id": [1, 2, 2, 3], "y": [0, 1, 0, 1]})
    new = pd.DataFrame({"id": [3, 2, 1, 2], "y": [0, 0, 1, 1]})

    found = compared(save(old), save(new), KEYED)

    assert found.recognised_by == "values"
    assert (found.rows_added, found.rows_removed) == (2, 2)


def test_missing_equals_missing_and_width_and_encoding_do_not_count(save: Save) -> None:
    old = pd.DataFrame(
        {
            "y": np.array([1, 2, 3], dtype="int8"),
            "number": np.array([0.5, np.nan, -0.0], dtype="float32"),
            "word": pd.Categorical(["a", None, "b"]),
            "when": pd.to_datetime(["2020-01-01", None, "2021-01-01"]).astype("datetime64[s]"),
        }
    )
    new = pd.DataFrame(
        {
            "y": np.array([1, 2, 3], dtype="int64"),
            "number": [0.5, np.nan, 0.0],
            "word": ["a", None, "b"],
            "when": pd.to_datetime(["2020-01-01", None, "2021-01-01"]).astype("datetime64[ns]"),
        }
    )

    found = compared(save(old), save(new))

    assert found.same_rows


def test_numbers_that_became_floats_are_compared_and_text_that_became_numbers_is_not(
    save: Save,
) -> None:
    old = pd.DataFrame({"y": [1, 2, 3, 4], "count": [1, 2, 3, 4], "code": ["1", "2", "3", "4"]})
    new = pd.DataFrame({"y": [1, 2, 3, 4], "count": [1, 2, np.nan, 4], "code": [1, 2, 3, 5]})

    found = compared(save(old), save(new))

    assert (found.rows_added, found.rows_removed, found.rows_changed) == (0, 0, 1)
    count, code = found.columns["count"], found.columns["code"]
    assert (count.status, count.old_type, count.new_type) == ("retyped", "BIGINT", "DOUBLE")
    assert count.values_changed == 1
    assert (code.status, code.values_changed) == ("retyped", None)


def test_columns_added_and_removed_do_not_change_the_rows(save: Save) -> None:
    old = pd.DataFrame({"y": [1, 2], "gone": [1, 2]})
    new = pd.DataFrame({"y": [1, 2], "come": ["a", "b"]})

    found = compared(save(old), save(new))

    assert {name: column.status for name, column in found.columns.items()} == {
        "y": "same",
        "gone": "removed",
        "come": "added",
    }
    assert (found.rows_added, found.rows_removed, found.rows_changed) == (0, 0, 0)
    assert not found.same_rows


def test_versions_without_a_column_in_common_differ_by_their_number_of_rows(save: Save) -> None:
    found = compared(save(pd.DataFrame({"a": [1, 2, 3]})), save(pd.DataFrame({"b": [1]})))

    assert (found.rows_added, found.rows_removed) == (0, 2)


def test_columns_may_bear_the_names_of_anything_in_the_queries(save: Save) -> None:
    names = ['quo"ted', "side", "position", "in_old", "in_new", "c0", "old", "new", "dataset", "id"]
    old = pd.DataFrame({name: range(place, place + 60) for place, name in enumerate(names)})
    new = old.copy()
    new.loc[4, "c0"] = -1
    columns = Columns(target="side", identifier="id", group="position")

    found = compared(save(old), save(new[::-1]), columns)

    assert (found.rows_added, found.rows_removed, found.rows_changed) == (0, 0, 1)
    assert found.columns["c0"].values_changed == 1


def test_the_number_of_threads_does_not_matter(save: Save) -> None:
    class OneThread(Snapshot):
        @contextmanager
        def connect(self, threads: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
            with super().connect(threads=1) as connection:
                yield connection

    old, new = save(few_values(0, 300_000)), save(few_values(1, 250_000))

    with (
        row_changes(old, new, COLUMNS) as many,
        row_changes(OneThread(old.path), new, COLUMNS) as one,
    ):
        positions = [
            changes.connection.execute("FROM removed ORDER BY 1").fetchnumpy()["position"]
            for changes in (many, one)
        ]
        assert difference(many) == difference(one)
    assert len(positions[0]) > 0
    assert np.array_equal(*positions)


def test_statistics_that_moved_are_those_of_pandas_the_furthest_first(save: Save) -> None:
    random = np.random.default_rng(0)
    old = pd.DataFrame(
        {
            "y": random.random(400) < 0.5,
            "x": random.normal(10, 2, 400),
            "same": np.arange(400),
            "word": random.choice(["a", "b"], 400, p=[0.8, 0.2]),
        }
    )
    new = old.copy()
    new["x"] += 3.0
    new.loc[:39, "x"] = np.nan
    new.loc[:99, "word"] = "b"
    both = [profile(save(frame), COLUMNS, top_values=10) for frame in (old, new)]

    moved = moved_statistics(*both)

    found = {(each.column, each.statistic): each for each in moved}
    assert {column for column, _ in found} == {"x", "word"}
    mean = found["x", "mean"]
    assert (mean.old, mean.new) == pytest.approx((old["x"].mean(), new["x"].mean()))
    assert mean.change == pytest.approx((mean.new - mean.old) / old["x"].std())
    assert (found["x", "missing"].old, found["x", "missing"].new) == (0.0, 0.1)
    share = found["word", "share of 'a'"]
    assert share.new == pytest.approx((new["word"] == "a").mean())
    assert [abs(each.change) for each in moved] == sorted(
        (abs(each.change) for each in moved), reverse=True
    )
