from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiment_cycle.data_versioning.content_hash import content_hash, hash_column
from experiment_cycle.snapshot import Snapshot

Save = Callable[[Any], Snapshot]


def table() -> pd.DataFrame:
    random = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "number": random.normal(size=500).round(6),
            "count": random.integers(-5, 5, 500),
            "word": random.choice(["a", "bb", "", "ü"], 500),
            "truth": random.random(500) < 0.5,
        }
    )


def digest(save: Save, data: Any) -> str:
    return content_hash(save(data)).digest


def test_the_hash_names_rows_and_every_column(save: Save) -> None:
    found = content_hash(save(table()))

    assert found.rows == 500
    assert list(found.columns) == ["number", "count", "word", "truth"]
    assert len({found.digest, *found.columns.values()}) == 5
    assert all(len(text) == 64 for text in (found.digest, *found.columns.values()))


def test_the_hash_of_a_small_table_is_what_it_was(save: Save) -> None:
    """A changed hash would make every dataset of every user a new version."""
    found = content_hash(save(pd.DataFrame({"x": [1.5, None], "y": ["a", "ü"], "z": [1, 2]})))

    assert found.digest == "9d0ad04669f03fa17630d20b4dffc8f9af38b3014436b83cc661cf0485caa0bd"


def test_csv_and_parquet_of_one_table_have_one_hash(save: Save, tmp_path: Path) -> None:
    frame = table().assign(word=lambda frame: frame["word"].replace("", None))
    frame.to_csv(tmp_path / "table.csv", index=False)
    frame.to_parquet(tmp_path / "table.parquet", compression="gzip", row_group_size=17)

    from_csv = pd.read_csv(tmp_path / "table.csv")
    from_parquet = pd.read_parquet(tmp_path / "table.parquet")

    assert digest(save, from_csv) == digest(save, from_parquet) == digest(save, frame)


def test_example_data_have_one_hash_from_csv_and_parquet(
    save: Save, raw_file: Path, tmp_path: Path
) -> None:
    frame = pd.read_parquet(raw_file)
    frame.to_csv(tmp_path / "visits.csv", index=False)

    assert digest(save, pd.read_csv(tmp_path / "visits.csv")) == digest(save, frame)


@pytest.mark.parametrize(
    "options",
    [
        {"compression": "none", "row_group_size": 7},
        {"compression": "gzip", "use_dictionary": False},
        {"data_page_size": 64, "row_group_size": 100, "store_schema": False},
    ],
)
def test_the_layout_of_the_file_does_not_count(
    save: Save, tmp_path: Path, options: dict[str, Any]
) -> None:
    written = tmp_path / "other.parquet"
    pq.write_table(pa.Table.from_pandas(table(), preserve_index=False), written, **options)

    assert content_hash(Snapshot(written)) == content_hash(save(table()))


same = [
    ([1, 2, None], pa.int8(), pa.int64()),
    ([1, 2, None], pa.uint64(), pa.int16()),
    ([1.5, None, float("nan")], pa.float32(), pa.float64()),
    (["a", None, ""], pa.string(), pa.large_string()),
    (["a", None, "a"], pa.string(), pa.dictionary(pa.int8(), pa.string())),
    ([b"ab", None], pa.binary(), pa.binary(2)),
    ([dt.datetime(1969, 1, 1, 1), None], pa.timestamp("s"), pa.timestamp("ns")),
    ([dt.datetime(2020, 1, 1), None], pa.timestamp("us", "UTC"), pa.timestamp("ms", "+00:00")),
    ([dt.date(1969, 1, 1), None], pa.date32(), pa.date64()),
    ([dt.time(1, 2, 3), None], pa.time32("s"), pa.time64("ns")),
    ([dt.timedelta(seconds=-3), None], pa.duration("s"), pa.duration("us")),
]


@pytest.mark.parametrize(("values", "one", "other"), same)
def test_width_unit_and_encoding_of_a_type_do_not_count(
    save: Save, values: list[Any], one: pa.DataType, other: pa.DataType
) -> None:
    def of(kind: pa.DataType) -> str:
        if pa.types.is_dictionary(kind):
            return digest(save, pa.table({"x": pa.array(values).dictionary_encode()}))
        return digest(save, pa.table({"x": pa.array(values, kind)}))

    assert of(one) == of(other)


different = [
    (pa.array([1, 0]), pa.array([1.0, 0.0])),
    (pa.array([1, 0]), pa.array([True, False])),
    (pa.array([1, 0]), pa.array(["1", "0"])),
    (pa.array(["a"]), pa.array([b"a"])),
    (pa.array([2**64 - 1], pa.uint64()), pa.array([-1])),
    (pa.array([None, 0]), pa.array([0, None])),
    (pa.array([0, None]), pa.array([0, 0])),
    (pa.array([None, None], pa.string()), pa.array(["", ""])),
    (pa.array(["ab", "c"]), pa.array(["a", "bc"])),
    (pa.array(["a", None]), pa.array([None, "a"])),
    (pa.array([0], pa.timestamp("s")), pa.array([0], pa.timestamp("s", "UTC"))),
    (
        pa.array([0], pa.timestamp("s", "UTC")),
        pa.array([0], pa.timestamp("s", "Europe/Berlin")),
    ),
    (pa.array([0], pa.timestamp("us")), pa.array([1], pa.timestamp("us"))),
    (pa.array([[1], [2]]), pa.array([[1, 2], []])),
    (pa.array([{"a": 1}]), pa.array([{"a": 2}])),
    (pa.array([dt.date(2020, 1, 1)]), pa.array([dt.date(2020, 1, 2)])),
]


@pytest.mark.parametrize(("one", "other"), different)
def test_a_different_type_or_value_is_a_different_hash(
    save: Save, one: pa.Array, other: pa.Array
) -> None:
    assert digest(save, pa.table({"x": one})) != digest(save, pa.table({"x": other}))


def test_minus_zero_is_zero_and_missing_is_missing(save: Save) -> None:
    assert digest(save, pa.table({"x": [0.0, None]})) == digest(
        save, pa.table({"x": [-0.0, float("nan")]})
    )


def test_one_changed_cell_changes_the_hash_of_its_column_only(save: Save) -> None:
    before = content_hash(save(table()))
    changed = table()
    changed.loc[250, "number"] += 1e-6
    after = content_hash(save(changed))

    assert before.digest != after.digest
    assert [name for name in before.columns if before.columns[name] != after.columns[name]] == [
        "number"
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame.rename(columns={"word": "Word"}),
        lambda frame: frame[["count", "number", "word", "truth"]],
        lambda frame: frame.iloc[::-1],
        lambda frame: frame.iloc[[1, 0, *range(2, 500)]],
        lambda frame: frame.iloc[:-1],
        lambda frame: frame.astype({"count": "float64"}),
        lambda frame: frame.drop(columns="truth"),
        lambda frame: frame.rename(columns={"number": "count", "count": "number"}),
    ],
    ids=["name", "column order", "reversed", "two rows", "one less", "type", "dropped", "swapped"],
)
def test_names_order_and_types_count(
    save: Save, change: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    assert digest(save, change(table())) != digest(save, table())


cells = st.one_of(
    st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=40),
    st.lists(st.none() | st.floats(), min_size=1, max_size=40),
    st.lists(st.none() | st.text(max_size=4), min_size=1, max_size=40),
    st.lists(st.none() | st.booleans(), min_size=1, max_size=40),
    st.lists(st.none() | st.datetimes(), min_size=1, max_size=40),
)


@settings(max_examples=60, deadline=None)
@given(values=cells, size=st.integers(1, 7))
def test_row_groups_of_any_size_give_the_same_hash(
    tmp_path_factory: pytest.TempPathFactory, values: list[Any], size: int
) -> None:
    folder = tmp_path_factory.mktemp("pieces")
    data = pa.table({"x": values})
    pq.write_table(data, folder / "whole.parquet")
    pq.write_table(data, folder / "pieces.parquet", row_group_size=size, compression="gzip")

    assert content_hash(Snapshot(folder / "whole.parquet")) == content_hash(
        Snapshot(folder / "pieces.parquet")
    )


def test_batches_inside_a_row_group_do_not_count(
    save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = save(table())
    whole = content_hash(snapshot)

    monkeypatch.setattr("experiment_cycle.data_versioning.content_hash.BATCH_ROWS", 13)

    assert content_hash(snapshot) == whole


def test_the_number_of_threads_does_not_count(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = save(table())
    found = []

    for threads in (1, 2, 16):
        monkeypatch.setattr("os.cpu_count", lambda count=threads: count)
        found.append(content_hash(snapshot).model_dump_json())

    assert len(set(found)) == 1


def test_pieces_of_columns_in_memory_have_the_hash_of_the_file(save: Save) -> None:
    data = pa.Table.from_pandas(table(), preserve_index=False)
    stored = content_hash(save(data)).columns

    for name in data.column_names:
        pieces = [data.column(name).chunk(0).slice(start, 33) for start in range(0, 500, 33)]
        assert hash_column(data.schema.field(name).type, pieces) == stored[name]


def test_a_column_whose_name_starts_another_is_hashed_by_its_own_values(save: Save) -> None:
    both = content_hash(save(pd.DataFrame({"a": [1, 2], "a.b": [3, 4]})))
    alone = content_hash(save(pd.DataFrame({"a.b": [3, 4]})))

    assert both.columns["a.b"] == alone.columns["a.b"]
    assert both.columns["a"] != both.columns["a.b"]
